/** Installation tokens of a GitHub App: a signed JWT is exchanged for a token that lives an hour. */
import type { KeyObject } from 'node:crypto';
import { errorMessage, isPillionError, type PillionError } from '../../../core/errors.ts';
import { readText } from '../../../core/files.ts';
import type { ClientResponse } from '../../../core/http/client.ts';
import { AUTH_ERRORS } from '../errors.ts';
import { type MakeSource, reported } from './source.ts';

/** GitHub refuses a JWT from the future; clocks differ by seconds, so ours is dated a minute back. */
const ISSUED_BACK_S = 60;
/** GitHub allows ten minutes from `iat`; stay inside them with the minute above. */
const LIFETIME_S = 540;
const TIMEOUT_MS = 30_000;
/** A token that ends within this time is replaced before it is used. */
const TOKEN_MARGIN_MS = 30_000;

export interface GitHubApp {
  readonly baseUrl: string;
  /** The JWT's `iss`: the client id or the application id. */
  readonly issuer: string;
  readonly installationId: number;
  readonly privateKey?: string;
  readonly privateKeyFile?: string;
}

export interface InstallationToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

function failed(why: string, hint: string, cause?: unknown): PillionError {
  return AUTH_ERRORS.github_app_failed({ why, hint }, { cause });
}

const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url');

/** An RS256 JSON Web Token (RFC 7519) for a GitHub App. `now` is milliseconds since the epoch. */
async function appToken(issuer: string, key: KeyObject, now: number): Promise<string> {
  const { sign } = await import('node:crypto');
  const issued = Math.floor(now / 1000) - ISSUED_BACK_S;
  const header = base64url(JSON.stringify({ alg: 'RS256', typ: 'JWT' }));
  const claims = base64url(JSON.stringify({ iat: issued, exp: issued + LIFETIME_S, iss: issuer }));
  const signature = sign('RSA-SHA256', Buffer.from(`${header}.${claims}`), key);
  return `${header}.${claims}.${base64url(signature)}`;
}

async function readKey(app: GitHubApp): Promise<KeyObject> {
  const { createPrivateKey } = await import('node:crypto');
  try {
    const pem =
      app.privateKeyFile === undefined ? (app.privateKey ?? '') : await readText(app.privateKeyFile);
    return createPrivateKey(pem);
  } catch (error) {
    const source = app.privateKeyFile ?? '$GITSYNC_GITHUB_APP_PRIVATE_KEY';
    // The cause of a parse failure may quote the key: name the source, not the content.
    const why = isPillionError(error) ? errorMessage(error) : 'it is not a PEM private key';
    throw failed(
      `cannot use the private key of ${source}: ${why}`,
      'give the RSA key that GitHub made for the app, as PEM',
    );
  }
}

function parseToken(body: string): InstallationToken {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  const fields: Readonly<Record<string, unknown>> =
    typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  const expiresAt = typeof fields.expires_at === 'string' ? Date.parse(fields.expires_at) : Number.NaN;
  if (typeof fields.token !== 'string' || fields.token === '' || Number.isNaN(expiresAt)) {
    throw failed('the answer has no token and expires_at', 'check --github-base-url');
  }
  return { token: fields.token, expiresAt };
}

function tokenUrl(app: GitHubApp): URL {
  const base = app.baseUrl.endsWith('/') ? app.baseUrl : `${app.baseUrl}/`;
  try {
    return new URL(`app/installations/${app.installationId}/access_tokens`, base);
  } catch {
    // Node's error quotes the address, which may hold a password.
    throw failed('the base URL is not valid', 'check --github-base-url');
  }
}

/**
 * A fresh installation token; the key file is read each time, so it may be rotated. `now` is milliseconds since
 * the epoch, `env` gives proxy and certificate authorities.
 * @throws PillionError `github_app_failed`
 */
export async function fetchInstallationToken(
  app: GitHubApp,
  now: number,
  signal: AbortSignal,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<InstallationToken> {
  const url = tokenUrl(app);
  const jwt = await appToken(app.issuer, await readKey(app), now);
  let answer: ClientResponse;
  try {
    const { sendRequest } = await import('../../../core/http/client.ts');
    answer = await sendRequest({
      method: 'POST',
      url: url.href,
      headers: { Authorization: `Bearer ${jwt}`, Accept: 'application/vnd.github+json' },
      timeoutMs: TIMEOUT_MS,
      signal,
      env,
      userAgent: 'pillion-git-sync',
    });
  } catch (error) {
    throw failed(errorMessage(error), 'check --github-base-url, the network and the proxy variables', error);
  }
  if (answer.status !== 201) {
    throw failed(
      `${url.origin} answered with status ${answer.status}`,
      "check the app or client id, the installation id, the private key and this machine's clock",
    );
  }
  return parseToken(answer.body);
}

/** The token is kept until shortly before its end. Its credentials are for the repository itself. */
export const githubAppSource: MakeSource<{ readonly githubApp?: GitHubApp }> = (init) => {
  const { githubApp, repo } = init.settings;
  let token: InstallationToken | undefined;
  return githubApp === undefined
    ? undefined
    : {
        name: 'github-app',
        async load(signal) {
          if (token === undefined || token.expiresAt - init.now() < TOKEN_MARGIN_MS) {
            init.log.at(3, 'refreshing GitHub app token');
            token = await reported(init, 'github-app', () =>
              fetchInstallationToken(githubApp, init.now(), signal, init.env),
            );
          }
          return [{ url: repo, username: '-', password: token.token }];
        },
        forget() {
          token = undefined;
        },
      };
};
