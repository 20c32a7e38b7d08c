/** What the two generations of git-sync say, and at which level: users search their logs for it. */
import type { Log } from '../../../core/log/log.ts';
import { formatGoDuration } from '../../../core/options/go-values.ts';
import type { Change, SyncObserver } from '../events.ts';
import type { Dialect, SyncSpec } from '../spec.ts';

interface Wording {
  readonly cloning: string;
  readonly willRetry: string;
  readonly noUpdate: readonly [level: number, message: string];
  readonly nextSync: readonly [level: number, waitKey: string];
  readonly pinned: string;
  /** Level of the lines about a worktree that is made. */
  readonly worktree: number;
}

const WORDINGS: Readonly<Record<Dialect, Wording>> = {
  v4: {
    cloning: 'initializing repo directory',
    willRetry: 'error syncing repo, will retry',
    noUpdate: [2, 'update not required'],
    nextSync: [3, 'waitTime'],
    pinned: 'ref appears to be a git hash, no further sync needed',
    worktree: 1,
  },
  v3: {
    cloning: 'cloning repo',
    willRetry: 'unexpected error syncing repo, will retry',
    noUpdate: [1, 'no update required'],
    nextSync: [1, 'wait_time'],
    pinned: 'rev appears to be a git hash, no further sync needed',
    worktree: 0,
  },
};

export interface SyncMessages {
  /** Logs the events of a pass. */
  readonly observe: SyncObserver;
  pinned(hash: string): void;
  nextSync(milliseconds: number, syncCount: number): void;
  willRetry(error: unknown, failCount: number, milliseconds: number): void;
}

export type MessagesSpec = Pick<SyncSpec, 'dialect' | 'follow' | 'repo'>;

/** Logs in the words of the dialect. */
export function createSyncMessages({ dialect, follow, repo }: MessagesSpec, log: Log): SyncMessages {
  const words = WORDINGS[dialect];
  const watched = follow.kind === 'ref' ? { ref: follow.ref } : { rev: follow.rev };

  /** v3 knows no update at a first sync, and no sync at a restart that finds everything in its place. */
  const updateRequired = (change: Change, syncCount: number) => {
    if (dialect === 'v4' || (change.changed && change.local !== '')) {
      log.info('update required', { ...watched, ...change, syncCount });
    }
    if (dialect === 'v3' && change.changed) {
      log.info('syncing git', { ...watched, hash: change.remote });
    }
  };
  const upToDate = (hash: string) => {
    const [level, message] = words.noUpdate;
    log.at(level, message, { ...watched, local: hash, remote: hash });
  };
  const addingWorktree = (path: string, hash: string) => {
    const from = follow.kind === 'branch' ? { branch: `origin/${follow.branch}` } : { hash };
    log.at(words.worktree, 'adding worktree', { path, ...from });
  };

  return {
    observe(event, { syncCount }) {
      switch (event.kind) {
        case 'pass-started':
          return log.at(3, 'syncing', { repo });
        case 'up-to-date':
          return upToDate(event.hash);
        case 'creating-repository':
          return log.info(words.cloning, { origin: repo, path: event.path });
        case 'update-required':
          return updateRequired(event.change, syncCount);
        case 'adding-worktree':
          return addingWorktree(event.path, event.hash);
        case 'resetting-worktree':
          return log.at(words.worktree, 'reset worktree to hash', { path: event.path, hash: event.hash });
        case 'updating-submodules':
          return log.at(words.worktree, 'updating submodules');
        case 'published':
          return log.info('updated successfully', { ...watched, ...event.change, syncCount });
        default:
          return undefined;
      }
    },
    pinned: (hash) => log.info(words.pinned, { ...watched, hash }),
    nextSync(milliseconds, syncCount) {
      const [level, key] = words.nextSync;
      log.at(level, 'next sync', { [key]: formatGoDuration(milliseconds), syncCount });
    },
    willRetry(error, failCount, milliseconds) {
      log.error(words.willRetry, error, { failCount });
      if (dialect === 'v3') {
        log.info('waiting before retrying', { waitTime: formatGoDuration(milliseconds) });
      }
    },
  };
}
