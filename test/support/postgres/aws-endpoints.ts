/** Where pods get AWS sessions, on loopback: EKS Pod Identity (and ECS), IRSA's STS, the instance metadata service. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenAt, type Place } from '../listen.ts';
import type { IssuedKey } from './rds-verifier.ts';

export interface AwsEndpoints {
  readonly url: string;
  /** Environment of a pod with that way to a session. */
  podIdentity(tokenFile: string): Record<string, string>;
  ecs(bearer: string): Record<string, string>;
  irsa(tokenFile: string): Record<string, string>;
  instance(): Record<string, string>;
  /** Paths asked for, in order. */
  requests(): readonly string[];
  /** How long sessions from now on are good. */
  setLife(ms: number): void;
  /** How long their session tokens are. */
  setSessionBytes(bytes: number): void;
  /** Whether the keys that are given out from now on work (the default), or nobody at AWS knows them. */
  setKeysKnown(isKnown: boolean): void;
  /** From now on every question is answered with this status; 0 is the usual answer, -1 none at all. */
  fail(status: number): void;
  /** From now on every question is answered with this; undefined is the usual answer. */
  answerWith(body: string | undefined): void;
  stop(): Promise<void>;
}

export interface AwsEndpointsInit {
  /** Called for each key that is given out, by its id. */
  readonly keys: Map<string, IssuedKey>;
  /** The bearer token that is asked for, or what tells a good one. */
  readonly token: string | ((given: string) => boolean);
  readonly lifeMs: number;
  /**
   * Length of the session token; real ones have 500 to 1,700 bytes. RDS tokens of 600 have around 1,024 bytes, which
   * pgbouncers before 1.25 treat in two ways, by chance: so the default is clearly below.
   */
  readonly sessionBytes?: number;
  readonly place?: Place;
}

const ROLE = 'pillion-role';
const METADATA_TOKEN = 'metadata-token';

export async function startAwsEndpoints(init: AwsEndpointsInit): Promise<AwsEndpoints> {
  const { keys, token } = init;
  let { lifeMs, sessionBytes = 500 } = init;
  let areKeysKnown = true;
  const isToken = typeof token === 'string' ? (given: string) => given === token : token;
  let failure = 0;
  let fixed: string | undefined;
  const requests: string[] = [];

  function issue(): Record<'AccessKeyId' | 'SecretAccessKey' | 'Token' | 'Expiration', string> {
    const id = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const secretAccessKey = randomBytes(30).toString('base64');
    const sessionToken = randomBytes(sessionBytes).toString('base64').slice(0, sessionBytes);
    // Expirations are given in whole seconds.
    const notAfter = Math.floor((Date.now() + lifeMs) / 1000) * 1000;
    if (areKeysKnown) {
      keys.set(id, { secretAccessKey, sessionToken, notAfter });
    }
    const expiration = new Date(notAfter).toISOString().replace('.000Z', 'Z');
    return { AccessKeyId: id, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: expiration };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    requests.push(path);
    if (failure === -1) {
      return;
    }
    if (failure > 0) {
      response.writeHead(failure).end('{"message":"no"}');
      return;
    }
    const reply = fixed === undefined ? await route(path, request) : { status: 200, body: fixed };
    response.writeHead(reply.status, { 'content-type': reply.type ?? 'application/json' }).end(reply.body);
  }

  async function route(path: string, request: IncomingMessage): Promise<Reply> {
    if (path === '/pod-identity') {
      return isToken(request.headers.authorization ?? '')
        ? { status: 200, body: JSON.stringify(issue()) }
        : DENIED;
    }
    if (path === '/latest/api/token') {
      return request.method === 'PUT' ? { status: 200, body: METADATA_TOKEN, type: 'text/plain' } : DENIED;
    }
    if (path.startsWith('/latest/') && request.headers['x-aws-ec2-metadata-token'] !== METADATA_TOKEN) {
      // Instances that take version 2 only answer so to version 1.
      return { status: 401, body: '' };
    }
    if (path === '/latest/meta-data/iam/security-credentials/') {
      return { status: 200, body: ROLE, type: 'text/plain' };
    }
    if (path === `/latest/meta-data/iam/security-credentials/${ROLE}`) {
      return { status: 200, body: JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...issue() }) };
    }
    if (path === '/' && request.method === 'POST') {
      const form = new URLSearchParams(await bodyOf(request));
      return isToken(form.get('WebIdentityToken') ?? '') ? assumedRole(issue()) : DENIED;
    }
    return { status: 404, body: '{}' };
  }

  const server = createServer((request, response) => void answer(request, response));
  const { port, down } = await listenAt(server, init.place ?? {});
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    podIdentity: (tokenFile) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/pod-identity`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    }),
    ecs: (bearer) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/pod-identity`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: bearer,
    }),
    irsa: (tokenFile) => ({
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ROLE_ARN: `arn:aws:iam::123456789012:role/${ROLE}`,
      AWS_ENDPOINT_URL_STS: url,
    }),
    instance: () => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url, AWS_EC2_METADATA_DISABLED: 'false' }),
    requests: () => requests,
    setLife: (ms) => {
      lifeMs = ms;
    },
    setSessionBytes: (bytes) => {
      sessionBytes = bytes;
    },
    setKeysKnown: (isKnown) => {
      areKeysKnown = isKnown;
    },
    fail: (status) => {
      failure = status;
    },
    answerWith: (body) => {
      fixed = body;
    },
    stop: down,
  };
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const DENIED: Reply = { status: 403, body: '{"message":"AccessDenied: the token is another"}' };

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
  }
  return text;
}

function assumedRole({ AccessKeyId, SecretAccessKey, Token, Expiration }: Record<string, string>): Reply {
  const keys = `<AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey>`;
  const session = `<SessionToken>${Token}</SessionToken><Expiration>${Expiration}</Expiration>`;
  const user = `<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/${ROLE}/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>`;
  const result = `<AssumeRoleWithWebIdentityResult><Credentials>${keys}${session}</Credentials>${user}</AssumeRoleWithWebIdentityResult>`;
  return {
    status: 200,
    type: 'text/xml',
    body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleWithWebIdentityResponse>`,
  };
}
