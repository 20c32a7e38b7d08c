import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Log } from '../core/log/log.ts';
import type { SchedulerMetrics } from './job-metrics.ts';
import type { CronJob } from './jobs/cron-job.ts';
import type { LoadedJobs } from './jobs/load-jobs.ts';
import type { ReloadStatus } from './status.ts';

export interface ReloaderContext {
  readonly source: { load(): Promise<LoadedJobs> };
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics['metrics'];
  readonly initial: LoadedJobs;
  readonly apply: (jobs: readonly CronJob[]) => void;
  readonly logFindings: (loaded: LoadedJobs) => void;
}

export interface Reloader {
  /** Reads the file again, one reload at a time. Never rejects: an invalid file leaves the jobs as they were. */
  reload(why: string): Promise<void>;
  last(): ReloadStatus | undefined;
}

export function createReloader(context: ReloaderContext): Reloader {
  const { log, clock, metrics } = context;
  let text = context.initial.text;
  let last: ReloadStatus | undefined;
  let running: Promise<void> = Promise.resolve();

  async function attempt(why: string): Promise<void> {
    const at = new Date(clock.now()).toISOString();
    try {
      const loaded = await context.source.load();
      metrics.reloadFailed.set(0);
      last = { at, ok: true };
      if (loaded.text === text) {
        metrics.reloads.inc({ result: 'unchanged' });
        return;
      }
      text = loaded.text;
      context.logFindings(loaded);
      context.apply(loaded.jobs);
      metrics.jobs.set(loaded.jobs.length);
      metrics.reloads.inc({ result: 'success' });
      log.info('reloaded', { why, jobs: loaded.jobs.length });
    } catch (error) {
      metrics.reloads.inc({ result: 'failure' });
      metrics.reloadFailed.set(1);
      last = { at, ok: false, error: errorMessage(error) };
      log.error('cannot reload: the old table stays in use', error, { why });
    }
  }

  return {
    reload(why) {
      running = running.then(() => attempt(why));
      return running;
    },
    last: () => last,
  };
}
