import { nextFire } from '../time/next.ts';
import type { Entry } from '../timetable/entry.ts';

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
