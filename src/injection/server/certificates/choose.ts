/** Given certificates, or our own. */
import { usageError } from '../../../core/errors.ts';
import type { Values } from '../../../core/options/option.ts';
import type { Scope } from '../../../core/process/run-process.ts';
import { apiServerOfPod } from '../../../kubernetes/client.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import type { INJECTOR_OPTIONS } from '../options.ts';
import { certificateFiles } from './files.ts';
import { sharedAuthority } from './shared-authority.ts';
import type { CertificateSource } from './source.ts';

/** A bundle reaches every API server within seconds; two minutes are plenty. */
const LONGEST_SETTLE_MS = 120_000;
/** A replica reads it every ten seconds; ten minutes are plenty, also for one that cannot reach the API server. */
const LONGEST_OLD_STAYS_MS = 600_000;

export async function certificateSource(
  values: Values<typeof INJECTOR_OPTIONS>,
  { clock, log, context }: Scope,
  cluster: ClusterAccess | undefined,
): Promise<CertificateSource> {
  if (values.tlsCertFile !== '') {
    const namespace = cluster?.namespace ?? values.namespace;
    const name = namespace === '' ? undefined : namesOf(values.service, namespace)[0];
    const files = { certFile: values.tlsCertFile, keyFile: values.tlsKeyFile };
    return certificateFiles(files, { name, clock, log });
  }
  if (cluster === undefined) {
    if (values.namespace !== '') {
      apiServerOfPod(context.env);
    }
    throw usageError(
      'there is no certificate, and no cluster to keep one of our own in',
      'name a file with --tls-cert-file, or --namespace and --api-server',
    );
  }
  const { client, namespace } = cluster;
  const { service, secret, webhooks, caLife, certificateLife } = values;
  return sharedAuthority(
    {
      namespace,
      secret,
      webhooks,
      names: namesOf(service, namespace),
      authorityLifeMs: caLife,
      leafLifeMs: Math.min(certificateLife, caLife),
      times: {
        settleMs: Math.min(LONGEST_SETTLE_MS, caLife / 20),
        oldStaysMs: Math.min(LONGEST_OLD_STAYS_MS, caLife / 5),
      },
    },
    // Short lives are refreshed more often.
    { client, clock, log, refreshMs: Math.min(10_000, certificateLife / 10) },
  );
}

/** What an API server calls the Service, first, and what people and other servers may. */
function namesOf(service: string, namespace: string): string[] {
  const name = `${service}.${namespace}.svc`;
  return [name, `${name}.cluster.local`, `${service}.${namespace}`, service];
}
