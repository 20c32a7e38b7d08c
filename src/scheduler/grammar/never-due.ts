import { nextFire } from '../time/next.ts';
import type { Zone } from '../time/zone.ts';
import type { Finding } from './grammar-error.ts';
import type { JobSpec, ParsedTable } from './job-spec.ts';

/**
 * Finds the jobs that will never run: 31 February, a year that is over. They are errors, or warnings when `lenient`.
 */
export function checkTable(
  table: ParsedTable,
  file: string,
  zoneOf: (job: JobSpec) => Zone,
  now: number,
  lenient: boolean,
): ParsedTable {
  const never: Finding[] = table.jobs
    .filter((job) => job.schedule.kind !== 'reboot')
    .filter((job) => nextFire(job.schedule, zoneOf(job), now, now) === undefined)
    .map(({ line, column, scheduleText }) => ({
      file,
      line,
      column,
      message: `"${scheduleText.slice(0, 80)}" can never fire (again)`,
      hint: 'look at its day, month and year; --lenient makes this a warning',
    }));
  return lenient
    ? { ...table, warnings: [...table.warnings, ...never] }
    : { ...table, errors: [...table.errors, ...never] };
}
