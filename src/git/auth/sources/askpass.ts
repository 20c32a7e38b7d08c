/** `--askpass-url`: a GET whose body says `username=` and `password=`. */
import { errorMessage, PillionError } from '../../../core/errors.ts';
import type { ClientResponse } from '../../../core/http/client.ts';

const TIMEOUT_MS = 1000;
const MAX_BYTES = 64 * 1024;

function failed(why: string, cause?: unknown): PillionError {
  return new PillionError({
    code: 'askpass_failed',
    message: `the askpass URL ${why}`,
    hint: 'check --askpass-url: it must answer 200 within a second with lines username=... and password=...',
    retryable: true,
    cause,
  });
}

/** Reads the lines; each is split at its first `=`, the last of a name wins. */
export function parseAskpass(body: string): { username: string; password: string } {
  const found = { username: '', password: '' };
  for (const line of body.split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals));
    if (name === 'username' || name === 'password') {
      found[name] = line.slice(equals + 1).trim();
    }
  }
  return found;
}

/**
 * Asks once. Redirects are not followed; `env` gives proxy and certificate authorities.
 * @throws PillionError `askpass_failed`
 */
export async function askPassword(
  address: string,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<{ username: string; password: string }> {
  let answer: ClientResponse;
  try {
    const { sendRequest } = await import('../../../core/http/client.ts');
    answer = await sendRequest({
      method: 'GET',
      url: address,
      timeoutMs: TIMEOUT_MS,
      signal,
      followRedirects: false,
      maxBytes: MAX_BYTES,
      env,
      userAgent: 'pillion-git-sync',
    });
  } catch (error) {
    throw failed(`cannot be used: ${errorMessage(error)}`, error);
  }
  if (answer.status !== 200) {
    throw failed(`answered with status ${answer.status}`);
  }
  return parseAskpass(answer.body);
}
