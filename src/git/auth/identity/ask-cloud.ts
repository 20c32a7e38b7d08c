/** Tokens that servers of a cloud give to what runs in it. */
import {
  entraError,
  federatedRequest,
  metadataRequest,
  workloadIdentity,
} from '../../../core/cloud/entra.ts';
import { googleMetadataUrl, googleTokenRequest } from '../../../core/cloud/google.ts';
import { type CloudRequest, withoutProxies } from '../../../core/cloud/request.ts';
import { errorMessage, type PillionError } from '../../../core/errors.ts';
import { readText } from '../../../core/files.ts';
import { AUTH_ERRORS } from '../errors.ts';
import type { SourceInit } from '../sources/source.ts';
import { jsonFields, type Token, type TokenNames, tokenIn } from '../token-answer.ts';

/** Azure DevOps as a resource of Entra ID, in every tenant. */
const AZURE_DEVOPS = '499b84ac-1321-427f-aa17-267ca6975798';
/** What Google's git servers ask for. */
const GOOGLE_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024;
const NAMES: TokenNames = { password: ['access_token'], expiresAt: 'expires_on', expiresIn: 'expires_in' };

export const failure = (identity: string, why: string, hint: string, cause?: unknown): PillionError =>
  AUTH_ERRORS.identity_failed({ identity, why, hint }, { cause });

interface Asked {
  readonly identity: string;
  readonly request: CloudRequest;
  /** What a refusal means, and what of its body may be shown. */
  readonly advice: string;
  readonly explain?: (body: string) => string;
}

/** One request. Redirects are not followed: what is sent is a secret. */
async function askServer(
  { identity, request, advice, explain }: Asked,
  init: SourceInit,
  signal: AbortSignal,
): Promise<Token> {
  const { noProxy = false, ...call } = request;
  const askedAt = init.now();
  const { sendRequest } = await import('../../../core/http/client.ts');
  const { status, body } = await sendRequest({
    ...call,
    timeoutMs: TIMEOUT_MS,
    signal,
    followRedirects: false,
    maxBytes: MAX_BYTES,
    env: noProxy ? withoutProxies(init.env) : init.env,
    userAgent: 'pillion-git-sync',
  }).catch((error: unknown) => {
    throw failure(identity, errorMessage(error), advice, error);
  });
  if (status !== 200) {
    const said = explain?.(body) ?? '';
    const why = `${new URL(call.url).origin} answered with status ${status}${said === '' ? '' : `: ${said}`}`;
    throw failure(identity, why, advice);
  }
  const fields = jsonFields(body);
  const answer = fields === undefined ? { why: 'it is not JSON' } : tokenIn(fields, NAMES, askedAt);
  if ('why' in answer) {
    throw failure(identity, `no usable answer: ${answer.why}`, advice);
  }
  if (answer.expiresAt === undefined || answer.expiresAt <= init.now()) {
    throw failure(
      identity,
      'it gave a token that has ended already, or without an end',
      'check the clock of this machine',
    );
  }
  return answer;
}

/** An Entra token for Azure DevOps, by AKS's workload identity or else from the machine's metadata server. */
export async function askAzure(init: SourceInit, signal: AbortSignal): Promise<Token> {
  const identity = 'azure';
  const { env } = init;
  const workload = workloadIdentity(env, '');
  if (workload === undefined) {
    const metadataUrl = env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] || 'http://169.254.169.254';
    const request = metadataRequest({
      resource: AZURE_DEVOPS,
      clientId: env['AZURE_CLIENT_ID'] ?? '',
      metadataUrl: metadataUrl.replace(/\/$/, ''),
    });
    const advice =
      'check that the pod has a workload identity (its label azure.workload.identity/use and service account), or the machine a managed identity';
    return askServer({ identity, request, advice, explain: entraError }, init, signal);
  }
  const { tokenFile } = workload;
  const assertion = await readText(tokenFile, MAX_BYTES).catch((error: unknown) => {
    throw failure(
      identity,
      errorMessage(error),
      'AKS mounts this file: look at the webhook of workload identity',
      error,
    );
  });
  const request = federatedRequest(workload, AZURE_DEVOPS, assertion.trim());
  const advice =
    'check the federated credential of the identity (issuer, subject, audience), and AZURE_CLIENT_ID and AZURE_TENANT_ID';
  return askServer({ identity, request, advice, explain: entraError }, init, signal);
}

/** An access token of the pod's or the machine's service account. */
export async function askGoogle(init: SourceInit, signal: AbortSignal): Promise<Token> {
  const metadataUrl = googleMetadataUrl(init.env);
  const request = googleTokenRequest({ account: 'default', scope: GOOGLE_SCOPE, metadataUrl });
  const advice =
    'check that this runs in Google Cloud, and that GKE’s Workload Identity gives this service account an identity';
  return askServer({ identity: 'google', request, advice }, init, signal);
}
