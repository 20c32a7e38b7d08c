/** `--webhook`: one request, with what proves to the receiver who sends it. Files with secrets are read for each. */
import { errorMessage } from '../../../core/errors.ts';
import { readText } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Secrets } from '../../../core/log/secrets.ts';
import type { WebhookEntry } from '../../options/webhook-json.ts';
import { type ChangedPaths, type DeliveredChange, deliveryBody } from './delivery-body.ts';
import { HOOK_ERRORS } from './errors.ts';

export interface DeliveryInit {
  readonly hook: WebhookEntry;
  readonly repository: string;
  readonly ref: string;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MAX_SECRET_BYTES = 64 * 1024;

/** The first line of a file; declared as a secret before it is used. */
async function secretIn(path: string, secrets: Secrets): Promise<string> {
  let text: string;
  try {
    text = await readText(path, MAX_SECRET_BYTES);
  } catch (error) {
    const hint = 'check that the Secret is mounted and readable for this user (fsGroup, defaultMode)';
    throw HOOK_ERRORS.hook_failed({ why: `cannot use ${path}: ${errorMessage(error)}`, hint });
  }
  const [secret = ''] = text.split(/\r?\n/, 1);
  if (secret === '') {
    const hint = 'the first line of the file is what counts';
    throw HOOK_ERRORS.hook_failed({ why: `cannot use ${path}: its first line is empty`, hint });
  }
  secrets.addRotating(path, secret);
  return secret;
}

/** A pair of a name and a password is seen as one text in requests. */
function addPair(path: string, username: string, password: string, secrets: Secrets): string {
  const pair = `${username}:${password}`;
  secrets.addRotating(`${path} pair`, pair);
  return pair;
}

/**
 * Declares what the files hold now, before anything runs that could print it. A file that cannot be read yet is told of when
 * it is needed.
 */
export async function learnSecrets(hooks: readonly WebhookEntry[], secrets: Secrets): Promise<void> {
  const learn = async (path: string | undefined, username?: string) => {
    const secret = path === undefined ? undefined : await secretIn(path, secrets).catch(() => undefined);
    if (path !== undefined && secret !== undefined && username !== undefined) {
      addPair(path, username, secret, secrets);
    }
  };
  await Promise.all(
    hooks.flatMap(({ username, passwordFile, bearerFile, secretFile }) => [
      learn(passwordFile, username),
      learn(bearerFile),
      learn(secretFile),
    ]),
  );
}

async function basicProof({ username, passwordFile }: WebhookEntry, secrets: Secrets) {
  if (username === undefined || passwordFile === undefined) {
    return {};
  }
  const pair = addPair(passwordFile, username, await secretIn(passwordFile, secrets), secrets);
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function bearerProof({ bearerFile }: WebhookEntry, secrets: Secrets) {
  return bearerFile === undefined ? {} : { Authorization: `Bearer ${await secretIn(bearerFile, secrets)}` };
}

/** HMAC-SHA-256 over the bytes of the body, in hexadecimal digits after `sha256=`, as GitHub signs its own webhooks. */
async function signature({ secretFile, signatureHeader }: WebhookEntry, body: string, secrets: Secrets) {
  if (secretFile === undefined) {
    return {};
  }
  const key = await secretIn(secretFile, secrets);
  const { createHmac } = await import('node:crypto');
  return { [signatureHeader]: `sha256=${createHmac('sha256', key).update(body).digest('hex')}` };
}

function isSuccess({ successStatus }: WebhookEntry, status: number): boolean {
  if (successStatus === undefined) {
    return status >= 200 && status <= 299;
  }
  return successStatus === 0 || status === successStatus;
}

function hintFor(status: number): string {
  if (status >= 300 && status <= 399) {
    return 'it redirects, which is not followed: give the address that it redirects to';
  }
  return status === 401 || status === 403
    ? 'the receiver does not accept the proof: check its files, and which header the receiver wants'
    : 'check the receiver, or set success-status to what it answers';
}

/**
 * Sends one request; redirects are not followed, since they would carry the proof elsewhere, and no more of the answer than
 * its status is wanted.
 */
export async function deliverChange(
  init: DeliveryInit,
  change: DeliveredChange & { readonly changed: ChangedPaths | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { hook, log, secrets, repository, ref, env } = init;
  const { hash } = change;
  const { method, timeoutMs } = hook;
  const to = hook.name ?? new URL(hook.url).origin;
  log.info('sending webhook', { hash, to, method, timeout: `${timeoutMs / 1000}s` });
  const isJson = hook.body === 'json';
  const body = isJson ? deliveryBody({ ...change, repository, ref }) : '';
  const headers = {
    ...(isJson ? { 'Content-Type': 'application/json' } : {}),
    ...(await signature(hook, body, secrets)),
    ...(await basicProof(hook, secrets)),
    ...(await bearerProof(hook, secrets)),
  };
  const { sendRequest } = await import('../../../core/http/client.ts');
  const { status } = await sendRequest({
    method,
    url: hook.url,
    headers: { ...withoutNames(headers, hook.headers), ...hook.headers, 'Gitsync-Hash': hash },
    body,
    followRedirects: false,
    onData: () => {},
    timeoutMs,
    signal,
    env,
    userAgent: 'pillion-git-sync',
  });
  if (!isSuccess(hook, status)) {
    const why = `${to} answered with status ${status}`;
    throw HOOK_ERRORS.hook_failed({ why, hint: hintFor(status) });
  }
  log.at(1, 'webhook succeeded', { hash, to, status });
}

/** What the user says about a header counts, however it is spelled. */
function withoutNames(headers: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>) {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase())));
}
