import { usageError } from '../../core/errors.ts';
import { parseRunAt } from '../../scheduler/grammar/run-at.ts';
import type { Command } from '../../scheduler/runs/command.ts';
import type { CronJob, CrontabRules } from './cron-job.ts';
import { derivedName } from './job-names.ts';

/**
 * The one job of RUNAT: the container's arguments, run as they are, without a shell.
 * @throws PillionError `usage` for a bad time or no command
 */
export function runAtJob(runAt: string, argv: readonly string[], rules: CrontabRules): CronJob {
  const schedule = parseRunAt(runAt);
  if (argv.length === 0) {
    throw usageError(
      'RUNAT is set, and there is no command to run',
      'RUNAT=02:30 pillion cron COMMAND [ARGUMENT...]',
    );
  }
  const command: Command = { kind: 'program', argv };
  return {
    name: derivedName(command),
    named: true,
    line: 1,
    column: 1,
    position: 0,
    schedule,
    scheduleText: runAt,
    command,
    env: {},
    zone: undefined,
    options: rules.defaults,
  };
}
