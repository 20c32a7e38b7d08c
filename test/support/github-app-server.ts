import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import { listenOnLoopback } from './listen.ts';

export interface AppKey {
  /** PEM as GitHub hands it out: "BEGIN RSA PRIVATE KEY". */
  readonly privateKeyPem: string;
  readonly publicKey: KeyObject;
}

/** A new RSA key of a GitHub App. */
export function makeAppKey(): AppKey {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { privateKeyPem: pair.privateKey, publicKey: createPublicKey(pair.publicKey) };
}

export interface AppRequest {
  readonly path: string;
  readonly accept: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** undefined: a token was given. Otherwise why not, as GitHub words it. */
  readonly refused: string | undefined;
}

export interface GitHubAppServerOptions {
  readonly publicKey: KeyObject;
  /** Client id or application id: what `iss` must be. */
  readonly issuer: string;
  readonly installationId: string;
  /** Milliseconds that a token lives. Default: one hour. */
  readonly tokenLifeMs?: number;
  /** How far the server's clock is ahead (behind if negative) of the real one, in milliseconds. */
  readonly clockAheadMs?: number;
  /** The token for the nth request, counted from 1. */
  readonly token?: (count: number) => string;
}

export interface GitHubAppServer {
  /** Base URL with a slash at the end, as in --github-base-url. */
  readonly url: string;
  readonly port: number;
  readonly requests: AppRequest[];
  /** Tokens given so far. */
  readonly tokens: string[];
  /** The next requests are answered with this status, whatever they bring. */
  failNext(status: number, times?: number): void;
  stop(): Promise<void>;
}

const LONGEST_LIFE_S = 600;

function decode(part: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Why GitHub would refuse this JWT, or undefined. Times are whole seconds of the server's clock, without leeway. */
function refusalOf(jwt: string, options: GitHubAppServerOptions, nowMs: number): string | undefined {
  const [head, body, signature, ...more] = jwt.split('.');
  const signed = Buffer.from(`${head}.${body}`);
  const { alg } = decode(head);
  const { iss, iat, exp } = decode(body);
  const now = Math.floor(nowMs / 1000);
  if (more.length > 0 || signature === undefined || alg !== 'RS256') {
    return 'A JSON web token could not be decoded';
  }
  if (!verify('RSA-SHA256', signed, options.publicKey, Buffer.from(signature, 'base64url'))) {
    return 'A JSON web token could not be decoded';
  }
  if (String(iss) !== options.issuer) {
    return "'Issuer' claim ('iss') is not known";
  }
  if (!Number.isInteger(iat) || Number(iat) > now) {
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  }
  if (!Number.isInteger(exp) || Number(exp) <= now) {
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
  }
  return Number(exp) > now + LONGEST_LIFE_S
    ? "'Expiration time' claim ('exp') is too far in the future"
    : undefined;
}

function jwtOf(request: IncomingMessage): string {
  return /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

/** The part of GitHub's API that hands out installation tokens; it really checks the signature and the times. */
export async function startGitHubAppServer(options: GitHubAppServerOptions): Promise<GitHubAppServer> {
  const requests: AppRequest[] = [];
  const tokens: string[] = [];
  let failure = { status: 0, left: 0 };
  const makeToken = options.token ?? ((count: number) => `ghs_test_${count}`);
  const expected = `/app/installations/${options.installationId}/access_tokens`;

  const decide = (request: IncomingMessage): { status: number; body: object } => {
    const now = Date.now() + (options.clockAheadMs ?? 0);
    const jwt = jwtOf(request);
    const refused = refusalOf(jwt, options, now);
    const { accept } = request.headers;
    requests.push({ path: request.url ?? '', accept, claims: decode(jwt.split('.')[1]), refused });
    if (failure.left > 0) {
      failure.left -= 1;
      return { status: failure.status, body: { message: 'told to fail' } };
    }
    if (refused !== undefined) {
      return { status: 401, body: { message: refused } };
    }
    if (request.method !== 'POST' || request.url !== expected) {
      return { status: 404, body: { message: 'Not Found' } };
    }
    const token = makeToken(tokens.length + 1);
    tokens.push(token);
    const expires = new Date(now + (options.tokenLifeMs ?? 3_600_000));
    return { status: 201, body: { token, expires_at: expires.toISOString().replace(/\.\d+Z$/, 'Z') } };
  };

  const server = http.createServer((request, response) => {
    request.resume();
    const { status, body } = decide(request);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${listening.port}/`,
    port: listening.port,
    requests,
    tokens,
    failNext(status, times = 1) {
      failure = { status, left: times };
    },
    stop: async () => listening.down(),
  };
}
