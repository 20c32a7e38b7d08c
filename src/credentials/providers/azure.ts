import type { Answer, Source } from '../model.ts';
import { atPointer, instant, parseJson, seconds, secretText, withoutLineEnd } from './answer.ts';
import { requestSource, type SourceRequest } from './request.ts';
import { readSecretFile } from './secret-file.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface AzureSourceSpec {
  /** The database user: the name of the identity. */
  readonly user: string;
  readonly resource: string;
  /** Of a user-assigned identity; '' for the only one, or the one of the workload identity. */
  readonly clientId: string;
  /** `http://169.254.169.254` */
  readonly metadataUrl: string;
}

/** What AKS puts into pods of a service account with a workload identity. */
interface WorkloadIdentity {
  readonly tokenFile: string;
  readonly authority: string;
  readonly tenant: string;
  readonly clientId: string;
}

const SOURCE = 'Microsoft Entra ID';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Azure Database takes an Entra token as password. From AKS's workload identity where its variables are there, otherwise
 * from the instance's metadata server.
 */
export function azureSource(spec: AzureSourceSpec, context: SourceContext): Source {
  const identity = workloadIdentity(spec, context);
  return {
    async ask(signal): Promise<Answer> {
      const askedAt = context.now();
      const request =
        identity === undefined ? metadataRequest(spec) : await federatedRequest(spec, identity, context);
      const reply = await requestSource(context, { ...request, explain: entraError, advice }, signal);
      const answer = parseJson(reply.body, SOURCE);
      const raw = {
        password: secretText(atPointer(answer, '/access_token'), 'access_token', SOURCE),
        expiresAt: instant(atPointer(answer, '/expires_on'), 'expires_on', SOURCE),
        expiresInMs: seconds(atPointer(answer, '/expires_in'), 'expires_in', SOURCE),
      };
      const { user } = spec;
      return completeAnswer({ source: SOURCE, raw, user, askedAt, now: context.now(), date: reply.date });
    },
  };
}

function workloadIdentity(spec: AzureSourceSpec, { env }: SourceContext): WorkloadIdentity | undefined {
  const tokenFile = env['AZURE_FEDERATED_TOKEN_FILE'] ?? '';
  const authority = env['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com/';
  const tenant = env['AZURE_TENANT_ID'] ?? '';
  const clientId = spec.clientId || (env['AZURE_CLIENT_ID'] ?? '');
  const isComplete = tokenFile !== '' && tenant !== '' && clientId !== '';
  return isComplete ? { tokenFile, authority, tenant, clientId } : undefined;
}

type Request = Omit<SourceRequest, 'advice' | 'explain'>;

function metadataRequest({ resource, clientId, metadataUrl }: AzureSourceSpec): Request {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
  if (clientId !== '') {
    query.set('client_id', clientId);
  }
  const url = `${metadataUrl}/metadata/identity/oauth2/token?${query.toString()}`;
  return { source: SOURCE, method: 'GET', url, headers: { Metadata: 'true' }, noProxy: true };
}

async function federatedRequest(
  { resource }: AzureSourceSpec,
  { tokenFile, authority, tenant, clientId }: WorkloadIdentity,
  context: SourceContext,
): Promise<Request> {
  const assertion = withoutLineEnd(await readSecretFile(tokenFile));
  context.secret('azure assertion', assertion);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${resource}/.default`,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  });
  const base = authority.endsWith('/') ? authority : `${authority}/`;
  return {
    source: SOURCE,
    method: 'POST',
    url: `${base}${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  };
}

/** Entra's error code, as `AADSTS70021`; its description may repeat what was sent. */
function entraError(body: string): string {
  return (
    /AADSTS\d{1,9}/.exec(body.slice(0, 4096))?.[0] ??
    /"error":"([a-z_]{1,60})"/.exec(body.slice(0, 4096))?.[1] ??
    ''
  );
}

function advice(status: number): string {
  return status === 400 || status === 401
    ? 'check client-id, the federated credential (issuer, subject, audience) of the identity, and the resource'
    : 'check that this runs in Azure with a managed or workload identity';
}
