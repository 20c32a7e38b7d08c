import { renderHelp } from '../../core/options/help.ts';
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
    usage: 'pillion injector [flags]\n  pillion injector manifest [flags]',
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
