import { googleMetadataUrl } from '../../core/cloud/google.ts';
import { regionOfEndpoint } from '../providers/aws-rds/advice.ts';
import { ConfigProblem } from './problem.ts';
import type { CredentialEntry, EntryOf } from './schema.ts';
import type { SourceSpec } from './spec.ts';

const POSTGRES_PORT = 5432;
const GCP_SCOPE = 'https://www.googleapis.com/auth/sqlservice.login';
const AZURE_RESOURCE = 'https://ossrdbms-aad.database.windows.net';
const JWT_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** What comes from variables where the configuration says nothing. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The source of an entry.
 * @throws ConfigProblem
 */
export function buildSource(entry: CredentialEntry, env: Variables): SourceSpec {
  switch (entry.provider) {
    case 'aws-rds':
      return awsRds(entry, env);
    case 'gcp':
      return gcp(entry, env);
    case 'azure':
      return {
        provider: 'azure',
        user: needed(entry.user, 'user', 'the name of the identity'),
        resource: entry.resource ?? AZURE_RESOURCE,
        clientId: entry['client-id'] ?? '',
        metadataUrl: withoutSlash(entry['metadata-url'] ?? 'http://169.254.169.254'),
      };
    case 'exec': {
      const { command, env: added = {}, user = '', lifetime: lifetimeMs } = entry;
      return { provider: 'exec', command, env: added, user, lifetimeMs };
    }
    case 'http':
      return http(entry);
    case 'file': {
      const { path, format = 'text', lifetime: lifetimeMs } = entry;
      const user = format === 'text' ? needed(entry.user, 'user', 'the database user') : (entry.user ?? '');
      return { provider: 'file', path, format, user, lifetimeMs };
    }
    default:
      return vault(entry);
  }
}

function needed(value: string | undefined, key: string, what: string): string {
  if (value === undefined) {
    throw new ConfigProblem([key], `${key} is missing`, `give ${what}`);
  }
  return value;
}

function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url;
}

function awsRds(entry: EntryOf<'aws-rds'>, env: Variables): SourceSpec {
  const host = needed(entry.host, 'host', 'the endpoint of the instance, as RDS shows it');
  const user = needed(entry.user, 'user', 'the database user, which has the role rds_iam');
  const named = regionOfEndpoint(host);
  const region = entry.region ?? named ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  if (region === undefined) {
    throw new ConfigProblem(
      ['region'],
      'region is missing',
      'give the region of the instance, or AWS_REGION',
    );
  }
  if (named !== undefined && named !== region) {
    const message = `region ${region} is not the one of the host, which is in ${named}`;
    throw new ConfigProblem(['region'], message, 'leave region out, or give the host that you mean');
  }
  const { port = POSTGRES_PORT, profile = '' } = entry;
  return { provider: 'aws-rds', host, port, user, region, profile };
}

function gcp(entry: EntryOf<'gcp'>, env: Variables): SourceSpec {
  return {
    provider: 'gcp',
    user: needed(entry.user, 'user', "the service account's address without .gserviceaccount.com"),
    account: entry.account ?? 'default',
    scope: entry.scope ?? GCP_SCOPE,
    metadataUrl: withoutSlash(entry['metadata-url'] ?? googleMetadataUrl(env)),
  };
}

function http(entry: EntryOf<'http'>): SourceSpec {
  const others = ['username-pointer', 'expires-at-pointer', 'expires-in-pointer'] as const;
  const other = others.find((key) => entry[key] !== undefined);
  if (entry['password-pointer'] === undefined && other !== undefined) {
    const hint = 'without it the whole body is the password';
    throw new ConfigProblem([other], `${other} needs password-pointer`, hint);
  }
  return {
    provider: 'http',
    url: entry.url,
    method: entry.method ?? 'GET',
    headers: entry.headers ?? {},
    body: entry.body,
    bearerFile: entry['bearer-file'],
    tls: tlsFiles(entry),
    passwordPointer: entry['password-pointer'],
    usernamePointer: entry['username-pointer'],
    expiresAtPointer: entry['expires-at-pointer'],
    expiresInPointer: entry['expires-in-pointer'],
    lifetimeMs: entry.lifetime,
    user:
      entry['username-pointer'] === undefined
        ? needed(entry.user, 'user', 'the database user, or username-pointer')
        : (entry.user ?? ''),
  };
}

interface TlsKeys {
  readonly 'ca-file'?: string | undefined;
  readonly 'cert-file'?: string | undefined;
  readonly 'key-file'?: string | undefined;
}

/** @throws ConfigProblem when one of certificate and key is there without the other */
export function tlsFiles(entry: TlsKeys): { caFile?: string; certFile?: string; keyFile?: string } {
  const { 'ca-file': caFile, 'cert-file': certFile, 'key-file': keyFile } = entry;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const key = certFile === undefined ? 'key-file' : 'cert-file';
    throw new ConfigProblem([key], 'cert-file and key-file belong together', 'give both, or neither');
  }
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}

function vault(entry: EntryOf<'vault'>): SourceSpec {
  const { 'token-file': tokenFile, 'kubernetes-role': role } = entry;
  if ((tokenFile === undefined) === (role === undefined)) {
    const hint = 'token-file is the sink of a Vault agent; kubernetes-role logs in with the service account';
    throw new ConfigProblem(['provider'], 'vault needs token-file or kubernetes-role, one of them', hint);
  }
  const mount = entry['kubernetes-mount'] ?? 'kubernetes';
  const jwtFile = entry['jwt-file'] ?? JWT_FILE;
  return {
    provider: 'vault',
    address: entry.address,
    mount: entry.mount ?? 'database',
    role: entry.role,
    isStatic: entry.static ?? false,
    namespace: entry.namespace ?? '',
    auth: tokenFile === undefined ? { role: role ?? '', mount, jwtFile } : { tokenFile },
    tls: tlsFiles(entry),
    revokeAtEnd: entry['revoke-at-end'] ?? false,
  };
}
