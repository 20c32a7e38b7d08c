import { defineErrors } from '../../core/errors.ts';
import { tryRun } from '../../core/exec/run.ts';
import { definedOnly } from '../providers/exec.ts';
import type { HelperName } from './command.ts';

/** Why a helper process gave nothing. */
export const HELPER_ERRORS = defineErrors({
  helper_failed: {
    message: ({ name, why }: { name: string; why: string }) => `the helper process ${name} failed: ${why}`,
    hint: 'allow the container more memory (a helper needs about 60 MiB for a moment) and more processes; otherwise please report it',
  },
});

/** Does one thing in a process of its own and gives its reply, which the caller has to check. */
export type RunHelper = (name: HelperName, request: object, signal: AbortSignal) => Promise<unknown>;

const MAX_REPLY_BYTES = 256 * 1024;

/** Runs this very program again, as `pillion credentials helper NAME`. */
export function helperRunner(env: Readonly<Record<string, string | undefined>>): RunHelper {
  const [, script = ''] = process.argv;
  const childEnv = definedOnly(env);
  return async (name, request, signal) => {
    const outcome = await tryRun(
      process.execPath,
      [...process.execArgv, script, 'credentials', 'helper', name],
      {
        env: childEnv,
        stdin: JSON.stringify(request),
        maxOutputBytes: MAX_REPLY_BYTES,
        signal,
      },
    );
    signal.throwIfAborted();
    if (outcome.exitCode !== 0 || outcome.stdoutTruncated) {
      const { exitCode, signal: killedBy, spawnError } = outcome;
      const why = spawnError ?? killedBy ?? `exit code ${exitCode ?? 'unknown'}`;
      throw HELPER_ERRORS.helper_failed({ name, why });
    }
    try {
      return JSON.parse(outcome.stdout);
    } catch {
      throw HELPER_ERRORS.helper_failed({ name, why: 'its reply is not JSON' });
    }
  };
}
