import { createHash } from 'node:crypto';
import { hash } from '../grammar/hash.ts';
import type { JobSpec } from '../grammar/job-spec.ts';
import { commandText } from '../grammar/job-spec.ts';
import { nextFire } from '../time/next.ts';
import type { Zone } from '../time/zone.ts';

/** Everything about a job that makes it the same job after a reload, except its place and derived name. */
export function fingerprint(spec: JobSpec): string {
  const { scheduleText, command, env, cwd, zone, options } = spec;
  const text = JSON.stringify([scheduleText, command, env, cwd, zone, options]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** How a job is recognised in the state file: by its given name, or by what it does and when. */
export function stateKey(spec: JobSpec): string {
  const text = `${spec.scheduleText}\n${commandText(spec.command)}`;
  return spec.named
    ? spec.name
    : `${spec.name}#${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** How long this pod puts the starts of a job off: the same after every restart, different in every pod. */
export function jitterOf(spec: JobSpec, podName: string): number {
  const { jitterMs } = spec.options;
  return jitterMs === 0 ? 0 : Math.floor((hash(`${podName}\n${spec.name}\njitter`) / 2 ** 32) * jitterMs);
}

/** A job's place in the timetable. */
export interface Entry {
  readonly spec: JobSpec;
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

/** Follows elapsed time rather than the clock on the wall. */
export function isElapsed({ spec }: Pick<Entry, 'spec'>): boolean {
  const { schedule } = spec;
  return schedule.kind === 'every' || (schedule.kind === 'calendar' && schedule.wildcard);
}
