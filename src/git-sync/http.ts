/** git-sync's own endpoints, alongside the shared ones. */
import { ANY, type HealthCheck, type Route, textReply } from '../core/http/server.ts';
import { formatGoDuration } from '../core/options/go-values.ts';
import type { SyncStatus } from './sync/status.ts';

/** A pass that runs this much longer than its limit means that the loop hangs. */
const LIVENESS_SLACK_MS = 60_000;

/**
 * `/` and every other path, any method: 503 until the first success, then 200 with an empty body from then on, whatever
 * fails later.
 */
export function readinessRoute(status: () => SyncStatus): Route {
  return {
    method: ANY,
    path: '/*',
    handle: () =>
      status().publishedHash === undefined ? textReply(503, 'repo is not ready') : textReply(200, ''),
  };
}

/** Alive unless a pass is far beyond its limit. `now` is milliseconds since the epoch. */
export function checkLive({ passDeadlineAt }: SyncStatus, now: number): HealthCheck {
  const hangs = passDeadlineAt !== undefined && now > passDeadlineAt + LIVENESS_SLACK_MS;
  return hangs ? { ok: false, reason: 'a sync hangs beyond its timeout' } : { ok: true };
}

/** How old data may be, and since when this process has known of it. Milliseconds, `since` and `now` since the epoch. */
export interface Freshness {
  /** 0 is no limit. */
  readonly maxAgeMs: number;
  /** The start of the process: what an earlier one has left counts as confirmed then. */
  readonly startedAt: number;
  readonly now: number;
}

/** How long no pass has succeeded, milliseconds; 0 for a commit that was asked for by its hash. */
export function ageOf(status: SyncStatus, { startedAt, now }: Omit<Freshness, 'maxAgeMs'>): number {
  return status.isPinned ? 0 : now - (status.lastSuccessAt ?? startedAt);
}

/**
 * Ready when the data is there: published by this process, or by an earlier one that was asked for the same; and not
 * older than it may be.
 */
export function checkReady(status: SyncStatus, isPublished: boolean, fresh: Freshness): HealthCheck {
  if (status.publishedHash === undefined && !status.hasEarlierData) {
    return { ok: false, reason: 'repo is not ready' };
  }
  const age = ageOf(status, fresh);
  if (fresh.maxAgeMs !== 0 && age > fresh.maxAgeMs) {
    const limit = formatGoDuration(fresh.maxAgeMs);
    const seconds = Math.floor(age / 1000);
    return { ok: false, reason: `no sync has succeeded for ${seconds} s, and --max-age is ${limit}` };
  }
  return isPublished ? { ok: true } : { ok: false, reason: 'the published link points nowhere' };
}

/** `--http-pprof`: what this runtime knows of itself. Arguments are not shown: they may hold secrets. */
export const PPROF_ROUTE: Route = {
  method: 'GET',
  path: '/debug/pprof/*',
  handle() {
    const memory = process.memoryUsage();
    const usage = process.resourceUsage();
    const lines = [
      'pillion git-sync (Node.js): figures of this process; profiles are taken with node --cpu-prof',
      ...Object.entries(memory).map(([name, bytes]) => `memory ${name} ${bytes}`),
      `cpu user_us ${usage.userCPUTime}`,
      `cpu system_us ${usage.systemCPUTime}`,
      `uptime_s ${process.uptime().toFixed(1)}`,
      `active ${process.getActiveResourcesInfo().join(' ')}`,
    ];
    return textReply(200, lines.join('\n'));
  },
};
