/** The real injector with a certificate of its own, asked as an API server asks. */
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeAuthority, type TestAuthority } from '../../../../src/core/http/client/fixtures/authority.ts';
import { type RunningPillion, startPillion } from '../../../support/pillion.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

export interface AskOptions {
  readonly path?: string;
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestInjector {
  readonly running: RunningPillion;
  readonly port: number;
  readonly httpPort: number;
  readonly authority: TestAuthority;
  readonly certFile: string;
  /** Writes a certificate for the names and its key into the one file that is served. */
  renew(...names: readonly string[]): Promise<string>;
  post(body: string | Buffer, options?: AskOptions): Promise<Answer>;
  /** A path of the plain endpoint. */
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
}

const SERVICE = 'pillion-injector.pillion.svc';

/** Starts it in the directory, and waits until it answers. */
export async function startInjector(directory: string, args: readonly string[] = []): Promise<TestInjector> {
  const authority = makeAuthority(directory);
  const certFile = join(directory, 'bundle.pem');
  const renew = async (...names: readonly string[]): Promise<string> => {
    const { cert, key } = authority.issue(...(names.length === 0 ? [SERVICE, '127.0.0.1'] : names));
    await writeFile(certFile, `${key}${cert}`, { mode: 0o600 });
    return cert;
  };
  await renew();
  const running = await startPillion([
    'injector',
    '--bind=127.0.0.1:0',
    '--http-bind=127.0.0.1:0',
    `--tls-cert-file=${certFile}`,
    ...args,
  ]);
  onTestFinished(() => void running.stop());
  const plain = await running.waitForLog('"serving health and metrics"');
  const secure = await running.waitForLog('"listening"');
  const [httpPort, port] = [plain, secure].map((line) => Number(JSON.parse(line).port));
  return {
    running,
    port: port ?? 0,
    httpPort: httpPort ?? 0,
    authority,
    certFile,
    renew,
    post: (body, options) => post(port ?? 0, authority, body, options),
    async get(path) {
      const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
  };
}

async function post(
  port: number,
  authority: TestAuthority,
  body: string | Buffer,
  { path = '/mutate?timeout=10s', agent, headers = {} }: AskOptions = {},
): Promise<Answer> {
  const ca = await readFile(authority.file, 'utf8');
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        ca,
        servername: SERVICE,
        agent: agent ?? false,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

let count = 0;

/** A review of a pod's creation, as the API server writes it. */
export function reviewOf(object: object, changes: object = {}, apiVersion = 'admission.k8s.io/v1'): string {
  count += 1;
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    request: {
      uid: `705ab4f5-6393-11e8-b7cc-${String(count).padStart(12, '0')}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...changes,
    },
  });
}

/** A pod as a controller makes it, with these annotations. */
export function podOf(annotations: Readonly<Record<string, string>>): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly spec: object;
} {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'web-5d4f8-', annotations },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
  };
}

export const ASKS = {
  'pillion.dev/inject': 'git-sync',
  'pillion.dev/git-sync.repo': 'https://git.example/pages.git',
};
