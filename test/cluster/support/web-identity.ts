import { RDS_SERVICE, REGION } from './rds-protocol.ts';

export interface Container {
  readonly name?: string;
  env?: object[];
  volumeMounts?: object[];
}
export interface PodSpec {
  serviceAccountName?: string;
  initContainers?: Container[];
  containers: Container[];
  volumes?: { readonly name?: string }[];
}

const TOKEN_DIRECTORY = '/var/run/secrets/eks.amazonaws.com/serviceaccount';

/** A pod as EKS's webhook makes it for a service account with a role: a token for STS, in every container. */
export function withWebIdentity(spec: PodSpec): PodSpec {
  const env = Object.entries({
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/pillion-role',
    AWS_WEB_IDENTITY_TOKEN_FILE: `${TOKEN_DIRECTORY}/token`,
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_STS: `http://${RDS_SERVICE}`,
  }).map(([name, value]) => ({ name, value }));
  const add = (container: Container): Container => ({
    ...container,
    env: [...(container.env ?? []), ...env],
    volumeMounts: [
      ...(container.volumeMounts ?? []),
      { name: 'aws-iam-token', mountPath: TOKEN_DIRECTORY, readOnly: true },
    ],
  });
  const serviceAccountToken = { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' };
  const token = { name: 'aws-iam-token', projected: { sources: [{ serviceAccountToken }] } };
  return {
    ...spec,
    initContainers: (spec.initContainers ?? []).map(add),
    containers: spec.containers.map(add),
    volumes: [...(spec.volumes ?? []), token],
  };
}
