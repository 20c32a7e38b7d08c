import * as v from 'valibot';
import { PillionError } from '../../core/errors.ts';
import { readTextIfExists, writeFileAtomic } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';
import type { JobEntry, RunObserver } from '../runs/job.ts';
import { nextFire } from '../time/next.ts';
import { type Entry, stateKey } from '../timetable/entry.ts';

/** A run that was begun and never ended is begun again once, and not at every restart of a pod it brings down. */
const MAX_TRIES = 2;
const MAX_KEYS = 10_000;

const stateSchema = v.object({
  version: v.literal(1),
  jobs: v.record(v.string(), v.object({ scheduled: v.number(), finished: v.boolean(), tries: v.number() })),
});
type StateJobs = v.InferOutput<typeof stateSchema>['jobs'];

/** What survives a restart: for each job that wants it, the last due instant that was served. */
export interface StateFile extends RunObserver {
  /** The missed due instants of jobs that catch up; the newest one each. Jobs seen first are noted as served. */
  missed(entries: readonly JobEntry[], now: number): { entry: JobEntry; scheduled: number }[];
  /** Writes what has changed. */
  flush(): Promise<void>;
}

/**
 * Opens the state file. A damaged one is set aside as empty, with a warning: nothing is known then.
 * @throws PillionError when it cannot be read or written: catching up was asked for and would not work
 */
export async function openStateFile(path: string, log: Log): Promise<StateFile> {
  const jobs = parseState(await readTextIfExists(path), path, log);
  let writing: Promise<void> = Promise.resolve();
  let changed = true;

  async function write(): Promise<void> {
    if (changed) {
      changed = false;
      await writeFileAtomic(path, `${JSON.stringify({ version: 1, jobs: Object.fromEntries(jobs) })}\n`);
    }
  }
  /** Writes follow each other; many changes meanwhile are one write. */
  function save(): Promise<void> {
    changed = true;
    writing = writing.then(write).catch((error: unknown) => log.error('cannot keep the state file', error));
    return writing;
  }
  await write();

  return {
    missed(entries, now) {
      const found = entries.flatMap((entry) => {
        const scheduled = missedBy(entry, jobs, now);
        return scheduled === undefined ? [] : [{ entry, scheduled }];
      });
      void save();
      return found;
    },
    async started(run) {
      if (run.spec.options.catchUpMs !== undefined && run.cause !== 'command') {
        const key = stateKey(run.spec);
        const known = jobs.get(key);
        const tries = known?.scheduled === run.scheduled ? known.tries + 1 : 1;
        jobs.set(key, { scheduled: run.scheduled, finished: false, tries });
        await save();
      }
    },
    ended(run, { result }) {
      const known = jobs.get(stateKey(run.spec));
      if (known?.scheduled === run.scheduled && result !== 'stopped') {
        jobs.set(stateKey(run.spec), { ...known, finished: true });
        void save();
      }
    },
    flush: () => save(),
  };
}

function missedBy(entry: JobEntry, jobs: Map<string, StateJobs[string]>, now: number): number | undefined {
  const { catchUpMs } = entry.spec.options;
  if (catchUpMs === undefined) {
    return undefined;
  }
  const key = stateKey(entry.spec);
  const known = jobs.get(key);
  if (known === undefined) {
    jobs.set(key, { scheduled: now, finished: true, tries: 0 });
    return undefined;
  }
  const newest = newestDue(entry, Math.max(known.scheduled, now - catchUpMs), now);
  if (newest !== undefined) {
    return newest;
  }
  const retry = !known.finished && known.tries < MAX_TRIES && known.scheduled >= now - catchUpMs;
  return retry ? known.scheduled : undefined;
}

/** The last due instant in (after, now], without walking through years of minutes. */
export function newestDue(entry: Omit<Entry, 'due'>, after: number, now: number): number | undefined {
  const next = (from: number) => nextFire(entry.spec.schedule, entry.zone, from, entry.anchor);
  const first = next(after);
  if (first === undefined || first > now) {
    return undefined;
  }
  let low = after;
  // Halve the distance to `now` while something is due in the later half.
  for (let span = (now - after) / 2; span >= 1000; span /= 2) {
    const due = next(Math.floor(now - span));
    if (due !== undefined && due <= now) {
      low = Math.max(low, Math.floor(now - span));
    }
  }
  let newest = next(low);
  for (let due = newest; due !== undefined && due <= now; due = next(due)) {
    newest = due;
  }
  return newest;
}

function parseState(text: string | undefined, path: string, log: Log): Map<string, StateJobs[string]> {
  if (text === undefined || text.trim() === '') {
    return new Map();
  }
  try {
    const entries = Object.entries(v.parse(stateSchema, JSON.parse(text)).jobs);
    return new Map(entries.slice(-MAX_KEYS));
  } catch (error) {
    const cause = new PillionError({ code: 'bad_state', message: `${path} is damaged`, cause: error });
    log.error('the state file cannot be used; starting without', cause);
    return new Map();
  }
}
