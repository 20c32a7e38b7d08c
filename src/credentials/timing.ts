/** When a source is asked, and what is true meanwhile. Pure; the keeper does the waiting. */
import type { Credential } from './model.ts';

/** The user's bounds. Milliseconds. */
export interface RefreshRules {
  /** Between two questions to a source, whatever asks for them. */
  readonly minIntervalMs: number;
  /** At the latest after this long, however long a credential lives; Infinity for no such bound. */
  readonly maxIntervalMs: number;
}

/** Part of the remaining life after which a credential is replaced: a random point between these. */
const EARLIEST_PART = 1 / 3;
const LATEST_PART = 1 / 2;
/** How often a source is asked whose credentials have no end that it tells. */
const POLL_MS = 300_000;

/** Waits after failures: 1 s, 2 s, ... 30 s, each shortened by up to a half so that pods spread out. */
const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * How long after `now` to ask for the next credential. It counts from what is left of the life: a source that keeps
 * giving the same token (metadata servers do, until shortly before its end) is so asked more often as the end comes near.
 * @param random in [0, 1)
 */
export function refreshDelay(
  credential: Pick<Credential, 'expiresAt'>,
  now: number,
  rules: RefreshRules,
  random: number,
): number {
  const part = EARLIEST_PART + (LATEST_PART - EARLIEST_PART) * random;
  const left = credential.expiresAt === undefined ? POLL_MS * 2 : credential.expiresAt - now;
  return Math.max(Math.min(left * part, rules.maxIntervalMs), rules.minIntervalMs);
}

/** How long to wait after the given number of failures in a row (from 1). */
export function backoffDelay(failures: number, random: number): number {
  const full = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
  return full * (1 - random / 2);
}

/**
 * How bad it is: `none` (no credential yet), `ok`, `failing` (the source or the delivery fails, and there is time),
 * `low` (failing with less than a third of the life left), `expired`.
 */
export const LEVELS = ['none', 'ok', 'failing', 'low', 'expired'] as const;
export type Level = (typeof LEVELS)[number];

/** @param isFailing whether the last attempt to get or deliver a newer one failed */
export function levelOf(credential: Credential | undefined, isFailing: boolean, now: number): Level {
  if (credential === undefined) {
    return 'none';
  }
  const { issuedAt, expiresAt = Infinity } = credential;
  if (now >= expiresAt) {
    return 'expired';
  }
  if (!isFailing) {
    return 'ok';
  }
  return expiresAt - now < (expiresAt - issuedAt) / 3 ? 'low' : 'failing';
}

/** Two clocks read at the same time. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

/** Clocks that are slewed drift by less than this between two checks; a step or a suspended machine is more. */
const JUMP_MS = 5000;

/**
 * How far the wall clock went ahead (or back, below 0) of the monotonic one between two checks: set by somebody, or the
 * machine was suspended, which the monotonic clock does not see. 0 when the difference is too small to matter.
 */
export function clockJump(before: Instant, after: Instant): number {
  const jump = after.wall - before.wall - (after.monotonic - before.monotonic);
  return Math.abs(jump) > JUMP_MS ? jump : 0;
}

/** AWS refuses what is dated more than five minutes from its own time; others are as strict. */
const SKEW_LIMIT_MS = 300_000;

/** Whether this machine's clock is so wrong that servers refuse what is signed or dated here. */
export function isSkewed(skewMs: number): boolean {
  return Math.abs(skewMs) > SKEW_LIMIT_MS;
}
