/** What a sync reports of its work as it goes on. Metrics, log lines, hooks, status and records follow from it. */
import type { PollKind, TrafficPurpose } from '../../git/remote/probe.ts';
import type { Pin } from './pins/state.ts';
import type { SyncStatus } from './status.ts';

export type HookName = 'exechook' | 'webhook' | 'pre-publish-exechook' | 'pre-publish';

export interface Change {
  /** The commit that was published before; empty for none. */
  readonly local: string;
  readonly remote: string;
  /** Whether the link moves; false at the first pass over a root that is up to date. */
  readonly changed: boolean;
}

export interface PassResult {
  /** The published commit. */
  readonly hash: string;
  readonly changed: boolean;
  /** No further pass can bring anything new. */
  readonly pinned: boolean;
}

export type SyncEvent =
  /** `deadlineAt`: milliseconds since the epoch. */
  | { readonly kind: 'pass-started'; readonly deadlineAt: number }
  /** A source of credentials has asked a server. */
  | {
      readonly kind: 'credentials-requested';
      readonly source: string;
      readonly status: 'success' | 'error';
    }
  /** The remote was asked whether the ref has moved. */
  | { readonly kind: 'remote-asked'; readonly by: PollKind }
  /** What has come from the remote through this process, in bytes. */
  | { readonly kind: 'received'; readonly purpose: TrafficPurpose; readonly bytes: number }
  /** A rollback was made, or released: then there is no pin. */
  | { readonly kind: 'pin-changed'; readonly pin: Pin | undefined }
  /** Nothing has to be done. */
  | { readonly kind: 'up-to-date'; readonly hash: string }
  | { readonly kind: 'creating-repository'; readonly path: string }
  | { readonly kind: 'update-required'; readonly change: Change }
  | { readonly kind: 'adding-worktree'; readonly path: string; readonly hash: string }
  | { readonly kind: 'resetting-worktree'; readonly path: string; readonly hash: string }
  | { readonly kind: 'updating-submodules' }
  /** The worktree is complete, and the link is about to move to it. */
  | { readonly kind: 'publishing'; readonly hash: string }
  /** Still inside the pass: what is old has not been cleaned up yet. */
  | { readonly kind: 'published'; readonly change: Change }
  /** `noop`: neither a change nor the first success of this process. */
  | {
      readonly kind: 'pass-succeeded';
      readonly result: PassResult;
      readonly status: 'success' | 'noop';
      readonly seconds: number;
    }
  | { readonly kind: 'pass-failed'; readonly error: unknown; readonly seconds: number }
  /** After the clean-up; also when the pass failed or was interrupted. `hangs`: something of one still waits. */
  | { readonly kind: 'pass-ended'; readonly ok: boolean; readonly hangs?: boolean }
  /** Stale trees were looked for: so many of them hold something that cannot be removed, and are tried again. */
  | { readonly kind: 'cleaned-up'; readonly keptTrees: number }
  /** A hook has been run; may come at any time. */
  | { readonly kind: 'hook-ended'; readonly hook: HookName; readonly status: 'success' | 'error' };

/**
 * Called with each event and the status that follows from it, and is waited for. It handles its own failures: one
 * that it throws fails the pass.
 */
export type SyncObserver = (event: SyncEvent, status: SyncStatus) => void | Promise<void>;

export type Emit = (event: SyncEvent) => Promise<void>;
