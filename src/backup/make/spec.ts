/** Values of the options -> what a backup works with. */
import type { CommandContext } from '../../core/command.ts';
import type { Values } from '../../core/options/option.ts';
import { splitWords } from '../commands/words.ts';
import type { MAKE_OPTIONS, ReachValues } from '../options/backup.ts';
import type { BackupSpec } from './make-backup.ts';

export type MakeValues = Values<typeof MAKE_OPTIONS> & Pick<ReachValues, 'exclude' | 'volumeTimeout'>;

/** @throws PillionError `usage` for a command that cannot be read */
export function backupSpec(
  values: MakeValues,
  place: { readonly volume: string; readonly name: string; readonly workDir: string },
  env: CommandContext['env'],
): BackupSpec {
  const { maxShrink, allowShrink, allowUnmarked, keepLast, keepHourly, keepDaily, keepWeekly } = values;
  const { keepMonthly, keepWithin } = values;
  return {
    ...place,
    volumeTimeoutMs: values.volumeTimeout,
    exclude: values.exclude,
    init: values.init,
    guards: { maxShrink, allowShrink, allowUnmarked },
    hooks: {
      pre: values.pre.map((line) => splitWords(line, '--pre')),
      post: values.post.map((line) => splitWords(line, '--post')),
      timeoutMs: values.hookTimeout,
      env,
    },
    attempts: values.attempts,
    retention: { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepWithin },
  };
}
