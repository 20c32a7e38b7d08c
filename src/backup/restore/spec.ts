/** Values of the options -> what a restore works with. */
import { isAbsolute } from 'node:path';
import type { CommandContext } from '../../core/command.ts';
import { splitWords } from '../commands/words.ts';
import type { RestoreValues } from '../options/restore.ts';
import { sqliteCheck } from '../volume/sqlite-check.ts';
import type { AfterSpec } from './after.ts';
import type { RestoreSpec } from './restore.ts';

/** @throws PillionError `usage` for a command that cannot be read */
export function restoreSpec(
  values: RestoreValues,
  { volume, name }: { readonly volume: string; readonly name: string },
  env: CommandContext['env'],
): { readonly spec: RestoreSpec; readonly after: AfterSpec } {
  const commands = (lines: readonly string[], flag: string) => lines.map((line) => splitWords(line, flag));
  const spec: RestoreSpec = {
    volume,
    volumeTimeoutMs: values.volumeTimeout,
    name,
    ignored: values.ignore,
    policy: { onMissing: values.onMissing },
    timeoutMs: values.timeout,
    longestWaitMs: values.retryWait,
    checks: {
      required: values.require,
      minBytes: values.minSize,
      sample: values.checkSample,
      databases: values.checkSqlite.filter((path) => !isAbsolute(path)).map(sqliteCheck),
      commands: [
        ...values.checkSqlite.filter((path) => isAbsolute(path)).map(sqliteCheck),
        ...commands(values.check, '--check'),
      ],
      commandTimeoutMs: values.checkTimeout,
      env,
    },
    repairs: commands(values.repair, '--repair'),
    repairTimeoutMs: values.repairTimeout,
    snapshot: values.snapshot,
    maxFallback: values.maxFallback,
    verifyShare: values.verify / 100,
    strictOwner: values.strictOwner,
    keepQuarantines: values.keepQuarantines,
  };
  const after: AfterSpec = {
    volume,
    commands: commands(values.after, '--after'),
    version: values.afterVersion,
    timeoutMs: values.afterTimeout,
    env,
  };
  return { spec, after };
}
