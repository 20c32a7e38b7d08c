import { nextFire } from '../../scheduler/time/next.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import type { CronJob } from './cron-job.ts';
import type { Finding } from './findings.ts';

/** The jobs that will never run: 31 February, a year that is over. */
export function findNeverDue(
  jobs: readonly CronJob[],
  file: string,
  zoneOf: (job: CronJob) => Zone,
  now: number,
): Finding[] {
  return jobs
    .filter((job) => job.schedule.kind !== 'reboot')
    .filter((job) => nextFire(job.schedule, zoneOf(job), now, now) === undefined)
    .map(({ line, column, scheduleText }) => ({
      file,
      line,
      column,
      message: `"${scheduleText.slice(0, 80)}" can never fire (again)`,
      hint: 'look at its day, month and year; --lenient makes this a warning',
    }));
}
