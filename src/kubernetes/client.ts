/** Calls to the API server of the cluster that this pod runs in. */
import { readFileSync } from 'node:fs';
import { type ClientSession, openSession } from '../core/http/client.ts';
import { parseJson } from '../core/parse-json.ts';
import { KUBERNETES_ERRORS } from './errors.ts';
import type { Json } from './json.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT_MS = 10_000;
const METADATA = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
} as const;
/** Lists of pods are long; everything else is small. */
const MAX_BYTES = 64 << 20;
/** A page of 250 pods has some 100,000 values; what a pod says by way of the API server may be anything. */
const LIMITS = { values: 2_000_000, shapes: 200_000 };

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** From `/api` or `/apis` on, with a query. */
  readonly path: string;
  readonly body?: object | undefined;
  /** Only the metadata of what is asked for leaves the API server: what a Secret holds need not be seen to know of it. */
  readonly metadataOnly?: keyof typeof METADATA | undefined;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  /** The object, or the Status that says why there is none. */
  readonly json: Json;
}

export interface ApiClient {
  /**
   * Any status is an answer.
   * @throws PillionError `http_failed` without one, `api_answer_unreadable`
   */
  call(request: ApiCall): Promise<ApiAnswer>;
  close(): void;
}

export interface ApiServer {
  /** `https://10.0.0.1:443`, or the address of `kubectl proxy`. */
  readonly url: string;
  readonly caFile?: string | undefined;
  /** Read for each call: the kubelet renews it. */
  readonly tokenFile?: string | undefined;
}

/**
 * Where a pod finds the API server.
 * @throws PillionError `not_in_a_cluster`
 */
export function apiServerOfPod(env: Readonly<Record<string, string | undefined>>): ApiServer {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host === undefined || host === '') {
    throw KUBERNETES_ERRORS.not_in_a_cluster();
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `https://${name}:${port}`, caFile: `${ACCOUNT}/ca.crt`, tokenFile: `${ACCOUNT}/token` };
}

/** The namespace of this pod; undefined outside a cluster. */
export function namespaceOfPod(): string | undefined {
  try {
    return readFileSync(`${ACCOUNT}/namespace`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

export function createApiClient({ url, caFile, tokenFile }: ApiServer): ApiClient {
  // No proxy variables: the API server of the cluster is never behind one.
  const session: ClientSession = openSession({ env: {}, caFile });
  return {
    async call({ method, path, body, metadataOnly, signal }) {
      const answer = await session.send({
        method,
        url: `${url}${path}`,
        headers: {
          accept: metadataOnly === undefined ? 'application/json' : METADATA[metadataOnly],
          ...(body !== undefined && { 'content-type': contentType(method) }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        bearerFile: tokenFile,
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        followRedirects: false,
        repeatable: method === 'GET',
        signal,
      });
      return { status: answer.status, json: parsed(answer.body) };
    },
    close: () => session.close(),
  };
}

function contentType(method: ApiCall['method']): string {
  return method === 'PATCH' ? 'application/json-patch+json' : 'application/json';
}

function parsed(text: string): Json {
  try {
    return text === '' ? {} : (parseJson(text, LIMITS) as Json);
  } catch (error) {
    throw KUBERNETES_ERRORS.api_answer_unreadable(
      { why: error instanceof RangeError ? `has ${error.message}` : 'is no JSON' },
      { cause: error },
    );
  }
}
