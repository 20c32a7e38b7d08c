/** The body of /status. */
import type { LoopStatus } from './loop.ts';
import type { SyncStatus } from './sync/status.ts';

const isoTime = (at: number | undefined) =>
  at === undefined || !Number.isFinite(at) ? null : new Date(at).toISOString();

/** What git-sync knows of itself, as JSON. `startedAt` is milliseconds since the epoch. */
export function statusReport(
  sync: SyncStatus,
  loop: LoopStatus,
  startedAt: number,
): Readonly<Record<string, unknown>> {
  const { lastError } = sync;
  return {
    command: 'git-sync',
    ready: sync.publishedHash !== undefined,
    startedAt: isoTime(startedAt),
    hash: sync.publishedHash ?? null,
    syncCount: sync.syncCount,
    consecutiveFailures: sync.failuresInARow,
    lastSuccess: isoTime(sync.lastSuccessAt),
    lastChange: isoTime(sync.lastChangeAt),
    lastError: lastError ? { at: isoTime(lastError.at), message: lastError.message } : null,
    nextSync: isoTime(loop.nextPassAt),
    syncing: sync.passDeadlineAt !== undefined,
  };
}
