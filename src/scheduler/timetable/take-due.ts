import { CORRECTION_MS } from '../time/next.ts';
import { dueAfter, type Entry, isElapsed } from './entry.ts';

/** Why a due start does not happen. */
export type SkipReason = 'overlap' | 'queue-full' | 'deadline' | 'clock' | 'late' | 'stopping';

/** What is to be done about an entry that was due. */
export type Due<E extends Entry> =
  | { readonly kind: 'start'; readonly entry: E; readonly scheduled: number; readonly lateMs: number }
  | { readonly kind: 'skip'; readonly entry: E; readonly reason: SkipReason; readonly count: number };

/** A smaller change of the wall clock is drift or a leap second: nothing is skipped or repeated for it. */
export const STEP_MS = 60_000;
/** Missed starts are counted one by one up to here. */
const MAX_COUNTED = 1000;

/**
 * What is due now, and moves the entries on. `stepMs` is how far the wall clock ran ahead of the monotonic one since
 * the last call: a clock that was set, or a machine that slept. Vixie cron's rule for that: below three hours times
 * that were skipped are made up for once, wildcard jobs and repeated times are not; three hours and more is a
 * correction, after which only the new time counts.
 */
export function takeDue<E extends Entry>(entries: Iterable<E>, now: number, stepMs: number): Due<E>[] {
  const due: Due<E>[] = [];
  for (const entry of entries) {
    if (stepMs <= -STEP_MS && (isElapsed(entry) || stepMs <= -CORRECTION_MS)) {
      entry.due = dueAfter(entry, now);
    }
    if (entry.due !== undefined && entry.due + entry.jitterMs <= now) {
      takeEntry(entry, entry.due, now, stepMs, due);
    }
  }
  return due;
}

function takeEntry<E extends Entry>(
  entry: E,
  scheduled: number,
  now: number,
  stepMs: number,
  due: Due<E>[],
): void {
  const lateMs = now - scheduled - entry.jitterMs;
  const stepped = stepMs >= STEP_MS && lateMs >= STEP_MS;
  const passed = passOver(entry, scheduled, now);
  if (stepped && (stepMs >= CORRECTION_MS || isElapsed(entry))) {
    due.push({ kind: 'skip', entry, reason: 'clock', count: passed + 1 });
    return;
  }
  if (passed > 0) {
    due.push({ kind: 'skip', entry, reason: 'late', count: passed });
  }
  const { startDeadlineMs } = entry.spec.policy;
  if (startDeadlineMs !== undefined && lateMs > startDeadlineMs) {
    due.push({ kind: 'skip', entry, reason: 'deadline', count: 1 });
  } else {
    due.push({ kind: 'start', entry, scheduled, lateMs });
  }
}

/** Moves the entry to its first due time in the future; returns how many it passed on the way. */
function passOver(entry: Entry, scheduled: number, now: number): number {
  let passed = 0;
  let next = dueAfter(entry, scheduled + entry.jitterMs);
  while (next !== undefined && next + entry.jitterMs <= now) {
    passed += 1;
    next = dueAfter(entry, passed > MAX_COUNTED ? now : next + entry.jitterMs);
  }
  entry.due = next;
  return passed;
}

/** The earliest start of all entries, jitter included. */
export function earliestStart(entries: Iterable<Entry>): number | undefined {
  let earliest: number | undefined;
  for (const { due, jitterMs } of entries) {
    if (due !== undefined && (earliest === undefined || due + jitterMs < earliest)) {
      earliest = due + jitterMs;
    }
  }
  return earliest;
}
