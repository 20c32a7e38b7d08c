/** git-sync's endpoints as its users know them, beside the house's own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthCheck } from '../core/http/server.ts';
import { send, sendText } from '../core/http/server.ts';
import type { SyncState } from './state.ts';

/** A pass that runs this much longer than its limit means that the loop hangs. */
const LIVENESS_SLACK_MS = 60_000;

/** `/` and every other path: 503 until the first success, then 200 with an empty body, for ever. */
export function answerReadiness(state: SyncState, response: ServerResponse): true {
  if (state.ready) {
    send(response, 200, 'text/plain; charset=utf-8', '');
  } else {
    sendText(response, 503, 'repo is not ready');
  }
  return true;
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
export function answerPprof(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
  if (!url.pathname.startsWith('/debug/pprof')) {
    return false;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(response, 405, 'GET only');
    return true;
  }
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
  sendText(response, 200, lines.join('\n'));
  return true;
}
