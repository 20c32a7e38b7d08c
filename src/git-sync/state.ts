/** What a git-sync knows of itself: the source of readiness, /status and the metrics. */
export interface SyncState {
  readonly startedAt: number;
  ready: boolean;
  /** Whether an earlier process left what is asked for, whole, before the first success of this one. */
  hasEarlierData: boolean;
  syncCount: number;
  failuresInARow: number;
  publishedHash: string | undefined;
  lastSuccessAt: number | undefined;
  lastChangeAt: number | undefined;
  lastError: { readonly at: number; readonly message: string } | undefined;
  nextSyncAt: number | undefined;
  /** When the running pass must have ended; undefined between passes. */
  passDeadlineAt: number | undefined;
  /** The commit is pinned and published: nothing can change any more. */
  restsForever: boolean;
}

export function initialState(now: number): SyncState {
  return {
    startedAt: now,
    ready: false,
    hasEarlierData: false,
    syncCount: 0,
    failuresInARow: 0,
    publishedHash: undefined,
    lastSuccessAt: undefined,
    lastChangeAt: undefined,
    lastError: undefined,
    nextSyncAt: undefined,
    passDeadlineAt: undefined,
    restsForever: false,
  };
}

const isoTime = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());

/** The body of /status. */
export function describeState(state: SyncState): Readonly<Record<string, unknown>> {
  return {
    command: 'git-sync',
    ready: state.ready,
    startedAt: isoTime(state.startedAt),
    hash: state.publishedHash ?? null,
    syncCount: state.syncCount,
    consecutiveFailures: state.failuresInARow,
    lastSuccess: isoTime(state.lastSuccessAt),
    lastChange: isoTime(state.lastChangeAt),
    lastError: state.lastError ? { at: isoTime(state.lastError.at), message: state.lastError.message } : null,
    nextSync: isoTime(state.nextSyncAt),
    syncing: state.passDeadlineAt !== undefined,
  };
}
