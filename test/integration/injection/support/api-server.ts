/** As much of an API server as keeps a few objects, with its rules about versions; lists are objects with items. */
import { createServer, type IncomingMessage } from 'node:http';
import jsonPatch from 'fast-json-patch';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../support/listen.ts';

export interface StoredObject {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly [key: string]: unknown;
}

export interface ApiServer {
  readonly url: string;
  /** Objects by their path. */
  readonly objects: Map<string, StoredObject>;
  /** Writes that were carried out, by method. */
  readonly writes: string[];
  /** Answers everything with this status while it is set. */
  failWith: number | undefined;
  /** Asked first; what it has no answer to goes the usual way. */
  answer: ((call: ApiCall) => readonly [number, unknown] | undefined) | undefined;
}

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
export const SECRET_PATH = '/api/v1/namespaces/pillion/secrets/pillion-injector-ca';
export const CONFIG_MAPS_PATH = '/api/v1/namespaces/pillion/configmaps';
export const PODS_PATH = '/api/v1/pods';
export const NAMESPACES_PATH = '/api/v1/namespaces';
export const MUTATING_PATH = `${ADMISSION}/mutatingwebhookconfigurations/pillion-injector`;
export const VALIDATING_PATH = `${ADMISSION}/validatingwebhookconfigurations/pillion-injector`;

const entry = (name: string) => ({
  name,
  clientConfig: { service: { name: 'pillion-injector', namespace: 'pillion', path: '/mutate' } },
});

export async function startApiServer(): Promise<ApiServer> {
  let version = 0;
  const stamped = (object: StoredObject): StoredObject => {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  };
  const configuration = (...webhooks: readonly object[]) =>
    stamped({ metadata: { name: 'pillion-injector' }, webhooks });
  const state: ApiServer = {
    url: '',
    objects: new Map<string, StoredObject>([
      [MUTATING_PATH, configuration(entry('pods.pillion.dev'), entry('namespaces.pillion.dev'))],
      [VALIDATING_PATH, configuration(entry('workloads.pillion.dev'))],
      ...[CONFIG_MAPS_PATH, PODS_PATH, NAMESPACES_PATH].map(
        (path) => [path, { metadata: { name: '' }, items: [] }] as const,
      ),
    ]),
    writes: [],
    failWith: undefined,
    answer: undefined,
  };
  const write = (path: string, method: string, object: StoredObject): [number, unknown] => {
    const stored = stamped(object);
    state.objects.set(path, stored);
    state.writes.push(method);
    return [method === 'POST' ? 201 : 200, stored];
  };
  const handle = (method: string, target: string, body: unknown): readonly [number, unknown] => {
    const { pathname: path, searchParams: query } = new URL(target, 'http://localhost');
    if (state.failWith !== undefined) {
      return [state.failWith, { message: 'as the test wants it' }];
    }
    const answer = state.answer?.({ method, path, query, body });
    if (answer !== undefined) {
      return answer;
    }
    const object = body as StoredObject;
    if (method === 'POST') {
      const own = `${path}/${object.metadata.name}`;
      return state.objects.has(own) ? [409, { message: 'already exists' }] : write(own, method, object);
    }
    const found = state.objects.get(path);
    if (found === undefined) {
      return [404, { message: 'not found' }];
    }
    if (method === 'GET') {
      return [200, found];
    }
    if (method === 'PUT') {
      const isOld = object.metadata.resourceVersion !== found.metadata.resourceVersion;
      return isOld ? [409, { message: 'the object has been modified' }] : write(path, method, object);
    }
    try {
      const copy = structuredClone(found);
      const { newDocument } = jsonPatch.applyPatch(copy, body as jsonPatch.Operation[], true);
      return write(path, method, newDocument);
    } catch {
      return [422, { message: 'the patch does not apply' }];
    }
  };
  const server = createServer((request, response) => {
    void textOf(request).then(
      (text) => {
        const [status, answer] = handle(
          request.method ?? '',
          request.url ?? '',
          text === '' ? undefined : JSON.parse(text),
        );
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      },
      () => response.destroy(),
    );
  });
  const { port, down } = await listenOnLoopback(server);
  onTestFinished(down);
  return Object.assign(state, { url: `http://127.0.0.1:${port}` });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
