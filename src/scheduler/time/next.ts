import type { CalendarSchedule, Schedule } from '../model.ts';
import { LAST_YEAR } from '../model.ts';
import { matchesWall, nextWall } from './calendar.ts';
import type { Transition, Zone } from './zone.ts';

/** Vixie cron: a clock that moves by this much has been corrected, and nothing is made up for. */
export const CORRECTION_MS = 3 * 3_600_000;
const SECOND_MS = 1000;
const LAST_WALL = Date.UTC(LAST_YEAR + 1, 0, 1);

/**
 * The first instant strictly after `after` at which the schedule is due, by Vixie cron's rule (cron(8)):
 *
 * - with `*` at the start of minute or hour it follows elapsed time: nothing in a gap, both passes of a repeated span;
 * - otherwise it is due once for each named time: right after the gap that swallowed it, in the first pass of a
 *   repeated span;
 * - a change of three hours or more is a correction: skipped times stay skipped, repeated ones are due again.
 *
 * @param anchor the start that `@every` counts from
 * @returns milliseconds since the epoch, or undefined when it is never due again (up to 2099, or `@reboot`)
 */
export function nextFire(schedule: Schedule, zone: Zone, after: number, anchor = 0): number | undefined {
  if (schedule.kind === 'reboot') {
    return undefined;
  }
  if (schedule.kind === 'every') {
    return anchor + (Math.floor((after - anchor) / schedule.ms) + 1) * schedule.ms;
  }
  const parts = schedule.kind === 'union' ? schedule.parts : [schedule];
  const next = parts
    .map((part) => nextCalendar(part, zone, after))
    .filter((instant) => instant !== undefined);
  return next.length === 0 ? undefined : Math.min(...next);
}

/** Walks from one change of the offset to the next; within such a stretch wall time and instants run alike. */
function nextCalendar(schedule: CalendarSchedule, zone: Zone, after: number): number | undefined {
  const whole = Math.floor(after / SECOND_MS) * SECOND_MS;
  let from = whole + SECOND_MS;
  let seen = whole;
  let offset = zone.offsetAt(whole);
  // A start within a repeated span is still held back by the change before it.
  let heldUntil = schedule.wildcard ? undefined : repeatedUntil(zone, whole);
  for (;;) {
    const leastWall = heldUntil === undefined ? from + offset : Math.max(from + offset, heldUntil);
    const wall = nextWall(schedule, leastWall);
    const limit = wall === undefined ? LAST_WALL : wall - offset;
    const change = zone.transitionAfter(seen, Math.max(limit, from));
    if (change === undefined || change.at > limit) {
      return wall === undefined ? undefined : wall - offset;
    }
    if (!schedule.wildcard && isGap(change) && skipsDue(schedule, change)) {
      return change.at;
    }
    from = change.at;
    seen = change.at;
    offset = change.after;
    heldUntil = schedule.wildcard ? undefined : repeatedWall(change);
  }
}

function isGap({ before, after }: Transition): boolean {
  return after > before && after - before < CORRECTION_MS;
}

/** Whether a time in the gap is named by the schedule. */
function skipsDue(schedule: CalendarSchedule, change: Transition): boolean {
  const wall = nextWall(schedule, change.at + change.before);
  return wall !== undefined && wall < change.at + change.after;
}

/** The wall time at which a set-back clock shows what it has not shown yet. */
function repeatedWall({ at, before, after }: Transition): number | undefined {
  return after < before && before - after < CORRECTION_MS ? at + before : undefined;
}

/** The same for a change that happened a while before `instant`. */
function repeatedUntil(zone: Zone, instant: number): number | undefined {
  let held: number | undefined;
  let change = zone.transitionAfter(instant - CORRECTION_MS, instant);
  while (change !== undefined) {
    held = repeatedWall(change);
    change = zone.transitionAfter(change.at, instant);
  }
  return held;
}

/** What is unusual about an instant at which a schedule is due. */
export type DstNote = 'after-gap' | 'first-pass' | 'second-pass';

/** Why a due instant does not read as the schedule says, or exists twice on that day's clock. */
export function dstNoteOf(schedule: Schedule, zone: Zone, instant: number): DstNote | undefined {
  if (schedule.kind === 'every' || schedule.kind === 'reboot') {
    return undefined;
  }
  const wall = instant + zone.offsetAt(instant);
  const parts = schedule.kind === 'union' ? schedule.parts : [schedule];
  if (!parts.some((part) => matchesWall(part, wall))) {
    return 'after-gap';
  }
  const until = repeatedUntil(zone, instant);
  if (until !== undefined && wall < until) {
    return 'second-pass';
  }
  const change = zone.transitionAfter(instant, instant + CORRECTION_MS);
  return change !== undefined && change.before > change.after && wall >= change.at + change.after
    ? 'first-pass'
    : undefined;
}
