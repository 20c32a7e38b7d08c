import type { CronJob } from '../jobs/cron-job.ts';
import { parseCrontab } from '../jobs/crontab.ts';
import { TEST_RULES } from './rules.ts';

/** The jobs of a crontab that has no error. */
export function jobsOf(text: string): readonly CronJob[] {
  const { jobs, errors } = parseCrontab(text, 'crontab', TEST_RULES);
  if (errors.length > 0) {
    throw new Error(JSON.stringify(errors));
  }
  return jobs;
}

export function jobOf(text: string): CronJob {
  const [job] = jobsOf(text);
  if (job === undefined) {
    throw new Error(`no job in ${text}`);
  }
  return job;
}
