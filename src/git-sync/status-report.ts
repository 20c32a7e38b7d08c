/** The body of /status. */
import { withoutPassword } from '../git/public-url.ts';
import type { LoopStatus } from './loop.ts';
import type { GitSyncSettings } from './settings.ts';
import type { SyncStatus } from './sync/status.ts';

export const isoTime = (at: number | undefined) =>
  at === undefined || !Number.isFinite(at) ? null : new Date(at).toISOString();

export interface StatusInit {
  readonly settings: Pick<GitSyncSettings, 'repo' | 'follow' | 'maxAgeMs'>;
  readonly sync: SyncStatus;
  readonly loop: LoopStatus;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Since the last success. */
  readonly ageMs: number;
}

/** What git-sync knows of itself, as JSON. */
export function statusReport(init: StatusInit): Readonly<Record<string, unknown>> {
  const { settings, sync, loop, startedAt, ageMs } = init;
  const { lastError } = sync;
  const { follow, maxAgeMs } = settings;
  return {
    command: 'git-sync',
    repository: withoutPassword(settings.repo),
    ...(follow.kind === 'ref' ? { ref: follow.ref } : { branch: follow.branch, rev: follow.rev }),
    ready: sync.publishedHash !== undefined,
    startedAt: isoTime(startedAt),
    hash: sync.publishedHash ?? null,
    rollback: sync.pin ?? null,
    syncCount: sync.syncCount,
    consecutiveFailures: sync.failuresInARow,
    lastSuccess: isoTime(sync.lastSuccessAt),
    lastChange: isoTime(sync.lastChangeAt),
    ageSeconds: Math.round(ageMs / 1000),
    isStale: maxAgeMs !== 0 && ageMs > maxAgeMs,
    lastError: lastError
      ? { at: isoTime(lastError.at), code: lastError.code ?? null, message: lastError.message }
      : null,
    nextSync: isoTime(loop.nextPassAt),
    syncing: sync.passDeadlineAt !== undefined,
  };
}
