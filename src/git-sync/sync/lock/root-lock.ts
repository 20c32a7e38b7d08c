/** One git-sync per root at a time. */
import type { Clock } from '../../../core/clock.ts';
import { defineErrors } from '../../../core/errors.ts';
import { type DirectoryLock, lockDirectory } from '../../../core/lock/directory-lock.ts';

export const LOCK_ERRORS = defineErrors({
  root_busy: {
    message: ({ root, owner }: { readonly root: string; readonly owner: string }) =>
      `the root ${root} is in use by another git-sync (lock ${owner})`,
    hint: 'give each git-sync a --root of its own, or let the other one finish',
  },
});

export interface RootLockInit {
  readonly root: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when somebody else holds the lock and the wait begins. */
  readonly onWait: (owner: string) => void;
  /** Called with the id of an owner that died, before its lock is taken over. */
  readonly onDeadOwner: (id: string) => Promise<void>;
}

/**
 * Takes the lock of a root, waiting while another living process holds it.
 * @throws PillionError `root_busy` when the signal aborts the wait.
 */
export function lockRoot({ root, ...init }: RootLockInit): Promise<DirectoryLock> {
  return lockDirectory({ ...init, path: root, busy: (owner) => LOCK_ERRORS.root_busy({ root, owner }) });
}
