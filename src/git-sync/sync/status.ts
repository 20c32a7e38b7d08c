/** What is known of a sync, as it follows from its events; the one source of readiness, /status, metrics and limits. */
import { errorMessage, isPillionError } from '../../core/errors.ts';
import type { SyncEvent } from './events.ts';
import type { Pin } from './pins/state.ts';

/** Times are milliseconds since the epoch. */
export interface SyncStatus {
  /** What the link leads to, once this process has published or confirmed it. */
  readonly publishedHash: string | undefined;
  /** An earlier process left what is asked for, complete. */
  readonly hasEarlierData: boolean;
  /** Publications, the confirmation at the first pass included. */
  readonly syncCount: number;
  readonly failuresInARow: number;
  readonly lastSuccessAt: number | undefined;
  readonly lastChangeAt: number | undefined;
  /** Nothing can be newer than what is published: its commit is named. */
  readonly isPinned: boolean;
  /** The revision that a rollback has pinned: the ref is not followed. */
  readonly pin: Pin | undefined;
  readonly lastError:
    | { readonly at: number; readonly message: string; readonly code: string | undefined }
    | undefined;
  /** When the running pass must have ended, or one that still hangs; undefined between passes. */
  readonly passDeadlineAt: number | undefined;
}

export function initialStatus(hasEarlierData: boolean): SyncStatus {
  return {
    publishedHash: undefined,
    hasEarlierData,
    syncCount: 0,
    failuresInARow: 0,
    lastSuccessAt: undefined,
    lastChangeAt: undefined,
    isPinned: false,
    pin: undefined,
    lastError: undefined,
    passDeadlineAt: undefined,
  };
}

/** Whether a pass of this process has succeeded. */
export function hasSucceeded(status: SyncStatus): boolean {
  return status.lastSuccessAt !== undefined;
}

/** The status after an event. */
export function nextStatus(status: SyncStatus, event: SyncEvent, now: number): SyncStatus {
  switch (event.kind) {
    case 'pass-started':
      return { ...status, passDeadlineAt: event.deadlineAt };
    case 'pin-changed':
      return { ...status, pin: event.pin };
    case 'published':
      return { ...status, publishedHash: event.change.remote, syncCount: status.syncCount + 1 };
    case 'pass-succeeded':
      return {
        ...status,
        publishedHash: event.result.hash,
        failuresInARow: 0,
        lastSuccessAt: now,
        isPinned: event.result.pinned,
        lastChangeAt: event.status === 'success' ? now : status.lastChangeAt,
      };
    case 'pass-failed':
      return {
        ...status,
        failuresInARow: status.failuresInARow + 1,
        lastError: {
          at: now,
          message: errorMessage(event.error),
          code: isPillionError(event.error) ? event.error.code : undefined,
        },
      };
    case 'pass-ended':
      return event.hangs ? status : { ...status, passDeadlineAt: undefined };
    default:
      return status;
  }
}
