import { errorMessage } from '../core/errors.ts';
import type { Log } from '../core/log/log.ts';
import type { JobSpec } from '../scheduler/grammar/job-spec.ts';
import type { SchedulerMetrics } from './job-metrics.ts';
import type { LoadedTable } from './load-jobs.ts';
import type { ReloadStatus } from './status.ts';

export interface ReloaderContext {
  readonly source: { load(): Promise<LoadedTable> };
  readonly log: Log;
  readonly metrics: SchedulerMetrics['metrics'];
  readonly initial: LoadedTable;
  readonly apply: (jobs: readonly JobSpec[]) => void;
  readonly warn: (table: LoadedTable) => void;
}

export interface Reloader {
  /** Reads the file again; one after the other. Never rejects: an invalid file leaves the old table in use. */
  reload(why: string): Promise<void>;
  last(): ReloadStatus | undefined;
}

export function createReloader(context: ReloaderContext): Reloader {
  const { log, metrics } = context;
  let text = context.initial.text;
  let last: ReloadStatus | undefined;
  let running: Promise<void> = Promise.resolve();

  async function attempt(why: string): Promise<void> {
    const at = new Date().toISOString();
    try {
      const table = await context.source.load();
      metrics.reloadFailed.set(0);
      last = { at, ok: true };
      if (table.text === text) {
        metrics.reloads.inc({ result: 'unchanged' });
        return;
      }
      text = table.text;
      context.warn(table);
      context.apply(table.jobs);
      metrics.jobs.set(table.jobs.length);
      metrics.reloads.inc({ result: 'success' });
      log.info('reloaded', { why, jobs: table.jobs.length });
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
