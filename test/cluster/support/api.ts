/**
 * Requests to the API server with an administrator's rights. A start of kubectl costs a tenth of a second of processor,
 * which whoever asks until something is so would take from what it waits for: `kubectl proxy` runs on the node once.
 */
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isMap, type JsonMap, textAt } from '../../../src/kubernetes/json.ts';
import { clusterFolder } from './environment.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });
const TIMEOUT_MS = 60_000;

/** GET, or POST of an object, whatever the status. */
export function askApi(path: string, object?: unknown): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath: join(clusterFolder(), 'api.sock'),
      path,
      agent,
      timeout: TIMEOUT_MS,
      ...(object !== undefined && { method: 'POST', headers: { 'content-type': 'application/json' } }),
    });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer in ${TIMEOUT_MS} ms`)));
    asked.on('response', (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    });
    asked.end(object === undefined ? undefined : JSON.stringify(object));
  });
}

/** The body of what must be there. */
export async function fromApi(path: string): Promise<string> {
  const { status, body } = await askApi(path);
  if (status !== 200) {
    throw new Error(`${path}: status ${status}\n${body}`);
  }
  return body;
}

/** A pod as the API server would make it, or why it would not. */
export type DryRun = { readonly pod: JsonMap } | { readonly refused: string };

/** What becomes of a pod that is made in words only. */
export async function dryRun(namespace: string, pod: unknown): Promise<DryRun> {
  const { status, body } = await askApi(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  const answer: unknown = JSON.parse(body);
  return status === 201 && isMap(answer) ? { pod: answer } : { refused: textAt(answer, 'message') ?? body };
}
