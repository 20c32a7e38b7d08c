/** Which snapshots stay. Pure; periods are those of UTC, so that every pod agrees. */
import type { Snapshot } from '../model.ts';

export interface RetentionRules {
  readonly keepLast: number;
  readonly keepHourly: number;
  readonly keepDaily: number;
  readonly keepWeekly: number;
  readonly keepMonthly: number;
  /** Milliseconds. */
  readonly keepWithin: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY_OFFSET_DAYS = 3;

type Period = (time: number) => number;
const hourOf: Period = (time) => Math.floor(time / HOUR_MS);
const dayOf: Period = (time) => Math.floor(time / DAY_MS);
const weekOf: Period = (time) => Math.floor((dayOf(time) + MONDAY_OFFSET_DAYS) / 7);
const monthOf: Period = (time) => {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

export const hasRules = (rules: RetentionRules): boolean => Object.values(rules).some((value) => value > 0);

/**
 * What may be removed. Nothing without a rule, and nothing before one snapshot is known to be good: the last one that is
 * always stays, whatever the rules say. Partial snapshots count for no rule; they go when a whole one is newer.
 * @param snapshots newest first
 * @param verified ids of snapshots that were read back and were right
 */
export function removable(
  snapshots: readonly Snapshot[],
  rules: RetentionRules,
  verified: ReadonlySet<string>,
  now: number,
): readonly Snapshot[] {
  const lastVerified = snapshots.find(({ id }) => verified.has(id));
  if (!hasRules(rules) || lastVerified === undefined) {
    return [];
  }
  const whole = snapshots.filter(({ isPartial }) => isPartial !== true);
  const kept = new Set([lastVerified.id]);
  const keep = (list: readonly Snapshot[]) => list.forEach(({ id }) => kept.add(id));
  keep(whole.slice(0, rules.keepLast));
  keep(whole.filter(({ time }) => rules.keepWithin > 0 && now - time < rules.keepWithin));
  keep(lastOfEach(whole, hourOf, rules.keepHourly));
  keep(lastOfEach(whole, dayOf, rules.keepDaily));
  keep(lastOfEach(whole, weekOf, rules.keepWeekly));
  keep(lastOfEach(whole, monthOf, rules.keepMonthly));
  return snapshots.filter(({ id, time, isPartial }) =>
    isPartial === true ? whole.some((other) => other.time > time) && id !== lastVerified.id : !kept.has(id),
  );
}

/** The newest snapshot of each of the newest periods that have one. */
function lastOfEach(snapshots: readonly Snapshot[], period: Period, count: number): readonly Snapshot[] {
  const found = new Map<number, Snapshot>();
  for (const snapshot of snapshots) {
    const key = period(snapshot.time);
    if (!found.has(key) && found.size < count) {
      found.set(key, snapshot);
    }
  }
  return [...found.values()];
}
