import { renderHelp } from '../../core/options/help.ts';
import { CHECK_OPTIONS } from './check/options.ts';
import { INJECTOR_OPTIONS, MANIFEST_OPTIONS } from './options.ts';

const AFTER = `Paths of the webhooks:
  /mutate                    puts into a pod what its annotation pillion.dev/inject asks for
  /mutate/namespace/PROFILE  the same, with a profile that the label of the namespace names
  /advise                    says at the Deployment what would be refused at its pods; refuses nothing

Examples:
  pillion injector --tls-cert-file=/tls/tls.crt --tls-key-file=/tls/tls.key --http-bind=:8080
  pillion injector --tls-cert-file=/tls/bundle.pem --profiles=/profiles --allow=debug=dev,test`;

export const injectorHelp = (): string =>
  renderHelp({
    usage: 'pillion injector [flags]\n  pillion injector manifest|check [flags]',
    summary: 'Serves the admission webhooks that put sidecars into pods by annotation.',
    options: INJECTOR_OPTIONS,
    after: AFTER,
  });

export const manifestHelp = (): string =>
  renderHelp({
    usage: 'pillion injector manifest [flags] | kubectl apply -f -',
    summary: 'Prints the manifests that install the injector: access, replicas, webhooks.',
    options: MANIFEST_OPTIONS,
  });

const AFTER_CHECK = `A line for each finding: ok, warning or failed, and what to try. Exit code 1 when something has failed.

Examples:
  kubectl proxy & pillion injector check --api-server=http://127.0.0.1:8001
  kubectl --namespace pillion exec deployment/pillion-injector -- pillion injector check`;

export const checkHelp = (): string =>
  renderHelp({
    usage: 'pillion injector check [flags]',
    summary:
      'Looks whether the injector of a cluster works: webhooks, certificates, access, nodes, pods and their Secrets.',
    options: CHECK_OPTIONS,
    after: AFTER_CHECK,
  });
