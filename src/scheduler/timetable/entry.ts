import { hash } from '../grammar/hash.ts';
import type { JobSpec } from '../job-spec.ts';
import { nextFire } from '../time/next.ts';
import type { Zone } from '../time/zone.ts';

/** How long this pod puts the starts of a job off: the same after every restart, different in every pod. */
export function jitterOf({ name, policy }: Pick<JobSpec, 'name' | 'policy'>, podName: string): number {
  const { jitterMs } = policy;
  return jitterMs === 0 ? 0 : Math.floor((hash(`${podName}\n${name}\njitter`) / 2 ** 32) * jitterMs);
}

/** A job's place in the timetable. */
export interface Entry {
  readonly spec: Pick<JobSpec, 'name' | 'schedule' | 'policy'>;
  readonly zone: Zone;
  readonly jitterMs: number;
  /** Where `@every` counts from. */
  readonly anchor: number;
  /** The next due instant, without jitter; undefined when there is none. */
  due: number | undefined;
}

/** The first due instant of an entry whose start, with jitter, is after `instant`. */
export function dueAfter(entry: Omit<Entry, 'due'>, instant: number): number | undefined {
  return nextFire(entry.spec.schedule, entry.zone, instant - entry.jitterMs, entry.anchor);
}

/** Follows elapsed time rather than local time. */
export function isElapsed({ spec }: Pick<Entry, 'spec'>): boolean {
  const { schedule } = spec;
  return schedule.kind === 'every' || (schedule.kind === 'calendar' && schedule.wildcard);
}
