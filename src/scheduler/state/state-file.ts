import { readTextIfExists, writeFileAtomic } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';
import type { JobSpec } from '../job-spec.ts';
import type { JobEntry, RunObserver } from '../runs/job.ts';
import type { Missed } from '../scheduler.ts';
import { STATE_ERRORS } from './errors.ts';
import { missedStart } from './missed.ts';
import { type JobState, parseState, renderState } from './state.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** What survives a restart: for each job that wants it, the last due instant that was served. */
export interface StateFile extends RunObserver {
  /** The missed due instants of jobs that catch up; the newest one each. Jobs seen first are noted as served. */
  missed<S extends JobSpec>(entries: readonly JobEntry<S>[], now: number): Missed<S>[];
  /** Writes what has changed. */
  flush(): Promise<void>;
}

/**
 * Opens the state file. A damaged one counts as empty, with an error in the log: nothing is known then.
 * @throws PillionError when it cannot be read or written: catching up was asked for and would not work
 */
export async function openStateFile(path: string, log: Log): Promise<StateFile> {
  const jobs = readState(await readTextIfExists(path, MAX_FILE_BYTES), path, log);
  let writing: Promise<void> = Promise.resolve();
  let changed = true;

  async function write(): Promise<void> {
    if (changed) {
      changed = false;
      await writeFileAtomic(path, renderState(jobs));
    }
  }
  /** Writes follow each other; many changes meanwhile are one write. */
  function save(): void {
    changed = true;
    writing = writing.then(write).catch((error: unknown) => log.error('cannot keep the state file', error));
  }
  await write();

  return {
    missed(entries, now) {
      const found = entries.flatMap((entry) => {
        const scheduled = missedStart(entry, jobs, now);
        return scheduled === undefined ? [] : [{ entry, scheduled }];
      });
      save();
      return found;
    },
    async started(run) {
      const { policy, stateKey } = run.spec;
      if (policy.catchUpMs !== undefined && run.cause !== 'command') {
        const known = jobs.get(stateKey);
        const tries = known?.scheduled === run.scheduled ? known.tries + 1 : 1;
        jobs.set(stateKey, { scheduled: run.scheduled, finished: false, tries });
        save();
        await writing;
      }
    },
    ended(run, { result }) {
      const known = jobs.get(run.spec.stateKey);
      if (known?.scheduled === run.scheduled && result !== 'stopped') {
        jobs.set(run.spec.stateKey, { ...known, finished: true });
        save();
      }
    },
    flush() {
      save();
      return writing;
    },
  };
}

function readState(text: string | undefined, path: string, log: Log): Map<string, JobState> {
  try {
    return parseState(text ?? '');
  } catch (error) {
    const cause = STATE_ERRORS.bad_state({ path }, { cause: error });
    log.error('the state file cannot be used; starting without', cause);
    return new Map();
  }
}
