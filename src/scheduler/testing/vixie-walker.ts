import type { CalendarSchedule } from '../model.ts';
import { matchesWall } from '../time/calendar.ts';

/**
 * Vixie cron's own main loop, minute by minute on a clock that is given: the slow, obvious oracle for `nextFire`.
 * It knows nothing of zones, offsets or transitions, only what a wall clock shows.
 */
const HALF_MINUTE_MS = 30_000; // Liberia's offset before 1972 was not a whole minute
const MINUTE_MS = 60_000;
const CORRECTION_MINUTES = 180;

/** All instants in (from, to] at which the schedule is due; `from` should lie well before the first change. */
export function walkVixie(
  schedule: CalendarSchedule,
  wallAt: (instant: number) => number,
  from: number,
  to: number,
): number[] {
  const due: number[] = [];
  const step = wallAt(from) % MINUTE_MS === 0 && wallAt(to) % MINUTE_MS === 0 ? MINUTE_MS : HALF_MINUTE_MS;
  const minuteAt = (instant: number) => Math.floor(wallAt(instant) / MINUTE_MS);
  const matches = (minute: number) => matchesWall(schedule, minute * MINUTE_MS);
  let shown = minuteAt(from);
  let reached = shown;
  for (let instant = from + step; instant <= to; instant += step) {
    const minute = minuteAt(instant);
    if (minute === shown) {
      continue;
    }
    const jump = minute - shown;
    shown = minute;
    if (Math.abs(jump) >= CORRECTION_MINUTES) {
      reached = minute;
      push(due, matches(minute), instant);
    } else if (schedule.wildcard) {
      reached = minute;
      push(due, matches(minute), instant);
    } else if (minute > reached) {
      const passed = Array.from({ length: minute - reached }, (_, index) => reached + 1 + index);
      push(due, passed.some(matches), instant);
      reached = minute;
    }
  }
  return due;
}

function push(due: number[], matched: boolean, instant: number): void {
  if (matched) {
    due.push(instant);
  }
}
