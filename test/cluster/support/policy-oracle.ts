import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Json } from '../../../src/kubernetes/json.ts';
import { runProgram } from '../../support/run-program.ts';
import { clusterScript } from './environment.ts';

/** Why there is no oracle here; undefined when it can be built. */
export const NO_ORACLE =
  spawnSync('go', ['version']).status === 0 ? undefined : 'Go is missing, to build the API server of it';

export interface OracleCase {
  readonly object: Json;
  /** Default Pod. */
  readonly kind?: string;
  readonly namespace?: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** What the API server makes of one object. */
export interface OracleResult {
  /** The object as it reads it. */
  readonly before: Json;
  readonly after: Json;
  /** What would end the request: the policy is wrong. */
  readonly error?: string;
  /** Messages of validations that do not hold. */
  readonly denials?: readonly string[];
  /** The audit annotation: the reason. */
  readonly audit?: readonly string[];
  /** Of all expressions together; the API server stops one at 1,000,000, and a policy at 10,000,000. */
  readonly mutationCost: number;
  readonly validationCost: number;
}

export interface OracleAnswer {
  readonly compileErrors: readonly string[];
  readonly schemaErrors: readonly string[];
  readonly results: readonly OracleResult[];
}

export interface OracleRequest {
  /** Kubernetes whose CEL a new policy may use: one minor version behind the server's. */
  readonly compatibility: string;
  readonly mutating?: object | undefined;
  readonly validating?: object | undefined;
  readonly schema?: object;
  readonly cases?: readonly OracleCase[];
}

export interface Oracle {
  /** Answers requests in the order in which they are asked. */
  ask(request: OracleRequest): Promise<OracleAnswer>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The API server's own code for admission policies, as a program that runs until it is disposed of, since it compiles
 * each policy only once. The first build takes minutes.
 */
export async function startOracle(): Promise<Oracle> {
  const program = await runProgram(clusterScript('policy-oracle/build'), []);
  // Collecting garbage more often than this costs a third of its time.
  const env = { ...process.env, GOGC: '400' };
  const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  // It has closed its end: the answer that does not come says so.
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask({ cases = [], ...request }) {
      const asked = cases.map(({ object, kind, namespace = { name: 'default' } }) => ({
        object,
        kind,
        namespace: { metadata: namespace },
      }));
      child.stdin.write(`${JSON.stringify({ ...request, cases: asked })}\n`);
      const line = await answers.next();
      if (line.done) {
        const [code, signal] = await ended;
        throw new Error(`${program} ended with ${signal ?? `exit code ${code}`} before it had answered`);
      }
      return JSON.parse(line.value) as OracleAnswer;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
