import type { CrontabRules } from './cron-job.ts';
import { DEFAULT_JOB_OPTIONS } from './job-options.ts';

export type Dialect = 'pillion' | 'supercronic';

type DialectRules = Omit<CrontabRules, 'ownNames' | 'podName'>;

/** Where the crons differ, each decision with the switch that turns it. `docs/guides/cron.md` has the table. */
export const DIALECTS: Readonly<Record<Dialect, DialectRules>> = {
  pillion: {
    sixth: 'year',
    dayRule: 'vixie',
    envScope: 'following',
    randomDelay: 'jitter',
    percent: false,
    system: false,
    defaults: DEFAULT_JOB_OPTIONS,
  },
  // Under its name a crontab means what it meant there: a run lasts as long as anything holds its output.
  supercronic: {
    sixth: 'year',
    dayRule: 'or',
    envScope: 'file',
    randomDelay: 'variable',
    percent: false,
    system: false,
    defaults: { ...DEFAULT_JOB_OPTIONS, leftovers: 'wait' },
  },
};
