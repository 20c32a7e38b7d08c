/** Access tokens of Google Cloud, from the metadata server of a machine, or of GKE's Workload Identity. Pure. */
import type { CloudRequest } from './request.ts';

export interface GoogleTokenInit {
  /** Whose token; `default` is the pod's. */
  readonly account: string;
  readonly scope: string;
  /** `http://metadata.google.internal` */
  readonly metadataUrl: string;
}

export function googleTokenRequest({ account, scope, metadataUrl }: GoogleTokenInit): CloudRequest {
  const path = `/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(account)}/token`;
  const url = `${metadataUrl}${path}?scopes=${encodeURIComponent(scope)}`;
  return { method: 'GET', url, headers: { 'Metadata-Flavor': 'Google' }, noProxy: true };
}

/** Where the metadata server is, as Google's own libraries find it. */
export function googleMetadataUrl(env: Readonly<Record<string, string | undefined>>): string {
  return `http://${env['GCE_METADATA_HOST'] || 'metadata.google.internal'}`;
}
