import { sameFile } from '../outputs/formats.ts';
import { buildOutput, type OutputContext } from './build-outputs.ts';
import { buildReload, buildTestLogin } from './build-reload.ts';
import { buildSource, type Variables } from './build-source.ts';
import { ConfigProblem, type KeyPath } from './problem.ts';
import type { CredentialEntry } from './schema.ts';
import type { CredentialSpec, OutputSpec } from './spec.ts';

/** For one question to a source: the AWS SDK alone may look in six places. */
const TIMEOUT_MS = 30_000;
const MIN_INTERVAL_MS = 5000;

export interface BuildContext {
  readonly env: Variables;
  readFile(path: string): string;
}

/**
 * What entries of the right shape come to.
 * @throws ConfigProblem with the path from the list of entries
 */
export function buildCredentials(
  entries: readonly CredentialEntry[],
  context: BuildContext,
): CredentialSpec[] {
  const specs = entries.map((entry, index) =>
    at([index], () => buildCredential(entry, index, entries.length, context)),
  );
  checkTogether(specs);
  return specs;
}

/** Puts the way so far in front of the path of a problem. */
function at<T>(path: KeyPath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigProblem) {
      throw new ConfigProblem([...path, ...error.path], error.message, error.hint);
    }
    throw error;
  }
}

function buildCredential(
  entry: CredentialEntry,
  index: number,
  count: number,
  context: BuildContext,
): CredentialSpec {
  const source = buildSource(entry, context.env);
  const name = entry.name ?? (count === 1 ? 'default' : `credential-${index + 1}`);
  const { host = '', port = source.provider === 'aws-rds' ? source.port : 0, database = '' } = entry;
  const endpoint = { host, port, database };
  const outputContext: OutputContext = {
    ...context,
    marker: source.provider === 'vault' && !source.isStatic ? name : undefined,
  };
  const outputs = (entry.outputs ?? []).map((output, place) =>
    at(['outputs', place], () => buildOutput(output, outputContext)),
  );
  if (outputs.length === 0) {
    throw new ConfigProblem(['outputs'], 'there is no output', 'for example pgbouncer=/shared/users.txt');
  }
  const { 'min-interval': minIntervalMs = MIN_INTERVAL_MS, 'max-interval': maxIntervalMs = Infinity } = entry;
  if (maxIntervalMs < minIntervalMs) {
    throw new ConfigProblem(
      ['max-interval'],
      'max-interval is below min-interval',
      `which is ${minIntervalMs} ms`,
    );
  }
  return {
    name,
    source,
    endpoint,
    outputs,
    reload: (entry.reload ?? []).map((reload, place) => at(['reload', place], () => buildReload(reload))),
    testLogin: at(['test-login'], () => buildTestLogin(entry['test-login'], endpoint)),
    timeoutMs: entry.timeout ?? TIMEOUT_MS,
    rules: { minIntervalMs, maxIntervalMs },
  };
}

/** Names tell credentials apart in logs and metrics; files must not be written twice, except a shared userlist. */
function checkTogether(specs: readonly CredentialSpec[]): void {
  const names = new Set<string>();
  const written: OutputSpec[] = [];
  for (const [index, { name, outputs }] of specs.entries()) {
    if (names.has(name)) {
      throw new ConfigProblem(
        [index, 'name'],
        `the name ${JSON.stringify(name)} is taken`,
        'give each a name of its own',
      );
    }
    names.add(name);
    for (const [place, output] of outputs.entries()) {
      const other = written.find(({ path }) => sameFile(path, output.path));
      const isShared = other?.format === 'pgbouncer' && output.format === 'pgbouncer';
      if (other !== undefined && !isShared) {
        const message = `${output.path} is written twice`;
        throw new ConfigProblem(
          [index, 'outputs', place],
          message,
          'only pgbouncer files can hold several credentials',
        );
      }
      if (other !== undefined && other.mode !== output.mode) {
        const message = `${output.path} is to have two modes`;
        throw new ConfigProblem([index, 'outputs', place], message, 'give both the same mode');
      }
      written.push(output);
    }
  }
}
