/** `--askpass-url`: a GET whose body says `username=` and `password=`. */
import { errorMessage } from '../../../core/errors.ts';
import type { ClientResponse } from '../../../core/http/client.ts';
import { AUTH_ERRORS } from '../errors.ts';
import { type MakeSource, reported } from './source.ts';

const TIMEOUT_MS = 1000;
const MAX_BYTES = 64 * 1024;

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
    throw AUTH_ERRORS.askpass_failed({ why: `cannot be used: ${errorMessage(error)}` }, { cause: error });
  }
  if (answer.status !== 200) {
    throw AUTH_ERRORS.askpass_failed({ why: `answered with status ${answer.status}` });
  }
  return parseAskpass(answer.body);
}

interface AskpassSettings {
  /** Default, and empty: none. */
  readonly askpassUrl?: string;
}

/** Its credentials are for the repository itself. */
export const askpassSource: MakeSource<AskpassSettings> = (init) => {
  const { askpassUrl = '', repo } = init.settings;
  return askpassUrl === ''
    ? undefined
    : {
        name: 'askpass',
        async load(signal) {
          init.log.at(3, 'calling auth URL to get credentials');
          const login = await reported(init, 'askpass', () => askPassword(askpassUrl, signal, init.env));
          return [{ url: repo, ...login }];
        },
      };
};
