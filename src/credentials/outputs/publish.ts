/** Bringing a credential into its files. */
import { basename, dirname, normalize } from 'node:path/posix';
import { errorMessage } from '../../core/errors.ts';
import { removeTemporaryFiles } from '../../core/files.ts';
import type { OutputSpec } from '../config/spec.ts';
import type { Credential, Endpoint } from '../model.ts';
import { readSecretFile } from '../providers/secret-file.ts';
import type { PasswordLimit } from './formats.ts';
import { withOutput } from './store.ts';

export interface PublishInput {
  readonly output: OutputSpec;
  readonly credential: Credential;
  readonly endpoint: Endpoint;
  readonly limit: PasswordLimit;
  /** Only says what would be done. */
  readonly dryRun?: boolean;
}

export interface Published {
  readonly isChanged: boolean;
  readonly warnings: readonly string[];
  /** Whether a file was there. */
  readonly existed: boolean;
}

/** Work on the same file, one after the other: two credentials may share a userlist. */
const queues = new Map<string, Promise<unknown>>();

function oneAtATime<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const result = before.then(work, work);
  queues.set(
    path,
    result.catch(() => undefined),
  );
  return result;
}

/**
 * Removes what a process that was killed left of a file half written: it may hold a token. One at a time, because what another
 * credential is just writing to the same file looks the same.
 * @returns what could not be removed, as things to warn about: on a shared volume it may be somebody else's
 */
export async function tidy(outputs: readonly OutputSpec[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const { path } of outputs) {
    await oneAtATime(normalize(path), () => removeTemporaryFiles(dirname(path), basename(path))).catch(
      (error: unknown) => warnings.push(`a file half written may be left: ${errorMessage(error)}`),
    );
  }
  return warnings;
}

/**
 * Renders the credential into its file, unless the file holds just that already with just that mode.
 * @throws PillionError why it cannot be written; the former content stands then
 */
export function publish(input: PublishInput): Promise<Published> {
  const { output, credential, endpoint, limit, dryRun = false } = input;
  return oneAtATime(normalize(output.path), () =>
    withOutput(output.path, async (store) => {
      const former = await store.read();
      const included = output.include === undefined ? undefined : await readSecretFile(output.include);
      const { content, warnings } = output.render({
        credential,
        endpoint,
        former: former?.content ?? Buffer.alloc(0),
        included: included === undefined ? undefined : Buffer.from(included),
        pgbouncer: limit,
      });
      const isChanged =
        former === undefined || !former.content.equals(content) || former.mode !== output.mode;
      if (isChanged && !dryRun) {
        await store.replace(content, output.mode, former);
      }
      return { isChanged, warnings, existed: former !== undefined };
    }),
  );
}
