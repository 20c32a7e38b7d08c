import { usageError } from '../core/errors.ts';
import { derivedName, type JobCommand, type TableRules } from '../scheduler/grammar/job-spec.ts';
import { parseRunAt } from '../scheduler/grammar/run-at.ts';
import type { LoadedTable } from './load-jobs.ts';

/**
 * The one job of RUNAT: the container's arguments, run as they are, without a shell.
 * @throws PillionError `usage` for a bad time or no command
 */
export function runAtTable(runAt: string, argv: readonly string[], rules: TableRules): LoadedTable {
  const schedule = parseRunAt(runAt);
  if (argv.length === 0) {
    throw usageError(
      'RUNAT is set, and there is no command to run',
      'RUNAT=02:30 pillion cron COMMAND [ARGUMENT...]',
    );
  }
  const command: JobCommand = { kind: 'program', argv };
  const job = {
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
  return { jobs: [job], errors: [], warnings: [], notes: [], text: '' };
}
