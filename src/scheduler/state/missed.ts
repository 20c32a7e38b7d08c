import type { JobEntry } from '../runs/job.ts';
import { nextFire } from '../time/next.ts';
import type { Entry } from '../timetable/entry.ts';
import type { JobState } from './state.ts';

/** A run that was begun and never ended is begun again once, and not at every restart of a pod it brings down. */
const MAX_TRIES = 2;

/**
 * The due instant that a job is to catch up on, if there is one. A job that is not known yet is noted in `jobs` as
 * served up to now.
 */
export function missedStart(entry: JobEntry, jobs: Map<string, JobState>, now: number): number | undefined {
  const { policy, stateKey } = entry.spec;
  const { catchUpMs } = policy;
  if (catchUpMs === undefined) {
    return undefined;
  }
  const known = jobs.get(stateKey);
  // A start that lies ahead was served by a clock that was wrong: nothing is known then either.
  if (known === undefined || known.scheduled > now) {
    jobs.set(stateKey, { scheduled: now, finished: true, tries: 0 });
    return undefined;
  }
  const newest = newestDue(entry, Math.max(known.scheduled, now - catchUpMs), now);
  if (newest !== undefined) {
    return newest;
  }
  const retry = !known.finished && known.tries < MAX_TRIES && known.scheduled >= now - catchUpMs;
  return retry ? known.scheduled : undefined;
}

/** The last due instant in (after, now], found without walking through years of minutes. */
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
