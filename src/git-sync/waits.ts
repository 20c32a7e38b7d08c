/** How long to wait between passes: pure, from the schedule and what has happened. All values are milliseconds. */
import { hostname } from 'node:os';
import { isPillionError } from '../core/errors.ts';
import { backoff } from '../core/retry.ts';
import type { GitErrorCode } from '../git/errors.ts';
import type { Schedule } from './settings.ts';
import type { GATE_ERRORS } from './sync/gates/errors.ts';
import type { SIGNATURE_ERRORS } from './sync/gates/signatures/errors.ts';
import type { STATE_ERRORS } from './sync/pins/state.ts';
import type { SPARSE_ERRORS } from './sync/repository/sparse.ts';
import type { TAG_ERRORS } from './sync/tags/errors.ts';

/** Without a period a failed pass is repeated all the same: nobody asks a second time for what a push has asked for. */
const UNASKED = { initialMs: 1000, maxMs: 60_000, jitter: 0.2 };
/** A server that asks for a longer wait is asked again all the same. */
const LONGEST_ASKED_MS = 10 * 60_000;

/**
 * A number from 0 to 1 that stays the same for a pod, also across restarts, and is another for its neighbours: FNV-1a over
 * the name of the host, with the bits mixed once more, since names of pods differ at their end only.
 */
export function shareOf(name: string = hostname()): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(name)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function period(schedule: Schedule, everSucceeded: boolean): number {
  return everSucceeded ? schedule.periodMs : schedule.initPeriodMs;
}

/** The wait after a pass that went well; `Infinity` where only requests start one. `share` is the pod's. */
export function waitAfterSuccess(schedule: Schedule, share: number): number {
  return schedule.periodMs * (1 - schedule.jitter * share);
}

/** The wait after so many failures in a row, of which the last is `error`. */
export function waitAfterFailure(
  schedule: Schedule,
  everSucceeded: boolean,
  failures: number,
  error: unknown,
  share: number,
): number {
  const usual = period(schedule, everSucceeded);
  const { jitter, maxBackoffMs } = schedule;
  if (usual !== Number.POSITIVE_INFINITY && maxBackoffMs === 0) {
    return usual * (1 - jitter * share);
  }
  const growth =
    usual === Number.POSITIVE_INFINITY
      ? { ...UNASKED, maxMs: maxBackoffMs === 0 ? UNASKED.maxMs : maxBackoffMs }
      : { initialMs: usual, maxMs: Math.max(usual, maxBackoffMs), jitter };
  const wait = backoff({ ...growth, random: () => share })(failures);
  const asked = isPillionError(error) ? Number(error.facts['retryAfterMs'] ?? 0) : 0;
  return Math.max(wait, Math.min(asked, LONGEST_ASKED_MS));
}

/** What passes by itself or with the next commit: it says nothing about what is configured or published. */
const PASSING: ReadonlySet<string> = new Set<string>([
  'remote_unreachable',
  'sync_timeout',
  'pre_publish_failed',
  'signature_missing',
  'signature_refused',
  'subdirectory_missing',
  'reserved_name',
  'sparse_path_missing',
  'no_tag_matches',
  'lfs_failed',
] satisfies (
  | GitErrorCode
  | keyof typeof GATE_ERRORS
  | keyof typeof SIGNATURE_ERRORS
  | keyof typeof SPARSE_ERRORS
  | keyof typeof TAG_ERRORS
)[]);

/** What a command in this container mends (`pillion git-sync rollback`): a container that has ended has nobody to run it. */
const MENDED_FROM_INSIDE: ReadonlySet<string> = new Set<string>([
  'revision_gone',
  'pin_unreadable',
] satisfies (keyof typeof STATE_ERRORS)[]);

/**
 * Whether a failure must not end the process: an outage, or a commit that a gate refuses, after a first success; a rollback
 * that cannot be followed at any time, since `rollback --release` needs a container that runs. Unless it was said how many
 * failures may be.
 */
export function isForgiven(schedule: Schedule, everSucceeded: boolean, error: unknown): boolean {
  if (!schedule.forgivesOutages || !isPillionError(error)) {
    return false;
  }
  return everSucceeded
    ? PASSING.has(error.code) || MENDED_FROM_INSIDE.has(error.code)
    : !schedule.oneTime && MENDED_FROM_INSIDE.has(error.code);
}
