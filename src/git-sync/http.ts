/** git-sync's own endpoints, alongside the shared ones. */
import { ANY, type HealthCheck, type Route, textReply } from '../core/http/server.ts';
import type { SyncState } from './state.ts';

/** A pass that runs this much longer than its limit means that the loop hangs. */
const LIVENESS_SLACK_MS = 60_000;

/** `/` and every other path, any method: 503 until the first success, then 200 with an empty body, for ever. */
export function readinessRoute(state: SyncState): Route {
  return {
    method: ANY,
    path: '/*',
    handle: () => (state.ready ? textReply(200, '') : textReply(503, 'repo is not ready')),
  };
}

/** The loop turns: no pass is far beyond its limit. */
export function checkLive(state: SyncState, now: number): HealthCheck {
  const hangs = state.passDeadlineAt !== undefined && now > state.passDeadlineAt + LIVENESS_SLACK_MS;
  return hangs ? { ok: false, reason: 'a sync hangs beyond its timeout' } : { ok: true };
}

/** The data is there: brought by this process, or by an earlier one that was asked for the same. */
export function checkReady(state: SyncState, isPublished: boolean): HealthCheck {
  if (!state.ready && !state.hasEarlierData) {
    return { ok: false, reason: 'repo is not ready' };
  }
  return isPublished ? { ok: true } : { ok: false, reason: 'the published link points nowhere' };
}

/** `--http-pprof`: what this runtime can tell at these paths. Arguments are not shown: they may hold secrets. */
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
