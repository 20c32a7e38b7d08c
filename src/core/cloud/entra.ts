/** Tokens of Microsoft Entra ID: by AKS's workload identity, or from the metadata server of a machine. Pure. */
import type { CloudRequest } from './request.ts';

/** What AKS puts into pods of a service account with a workload identity. */
export interface WorkloadIdentity {
  readonly tokenFile: string;
  readonly authority: string;
  readonly tenant: string;
  readonly clientId: string;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Undefined outside of AKS; `clientId` may be empty for the one that AKS names. */
export function workloadIdentity(
  env: Readonly<Record<string, string | undefined>>,
  ofUser: string,
): WorkloadIdentity | undefined {
  const tokenFile = env['AZURE_FEDERATED_TOKEN_FILE'] ?? '';
  const authority = env['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com/';
  const tenant = env['AZURE_TENANT_ID'] ?? '';
  const clientId = ofUser || (env['AZURE_CLIENT_ID'] ?? '');
  const isComplete = tokenFile !== '' && tenant !== '' && clientId !== '';
  return isComplete ? { tokenFile, authority, tenant, clientId } : undefined;
}

/** Exchanges the token of the service account, the assertion, for one that is good for the resource. */
export function federatedRequest(
  { authority, tenant, clientId }: WorkloadIdentity,
  resource: string,
  assertion: string,
): CloudRequest {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${resource}/.default`,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  });
  const base = authority.endsWith('/') ? authority : `${authority}/`;
  return {
    method: 'POST',
    url: `${base}${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  };
}

export interface MetadataInit {
  readonly resource: string;
  /** Of a user-assigned identity; '' for the only one. */
  readonly clientId: string;
  /** `http://169.254.169.254` */
  readonly metadataUrl: string;
}

export function metadataRequest({ resource, clientId, metadataUrl }: MetadataInit): CloudRequest {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
  if (clientId !== '') {
    query.set('client_id', clientId);
  }
  const url = `${metadataUrl}/metadata/identity/oauth2/token?${query.toString()}`;
  return { method: 'GET', url, headers: { Metadata: 'true' }, noProxy: true };
}

/** Entra's error code, as `AADSTS70021`; its description may repeat what was sent. */
export function entraError(body: string): string {
  return (
    /AADSTS\d{1,9}/.exec(body.slice(0, 4096))?.[0] ??
    /"error":"([a-z_]{1,60})"/.exec(body.slice(0, 4096))?.[1] ??
    ''
  );
}
