/** What the two generations of git-sync say, and at which level: users search their logs for it. */
import type { Log } from '../../core/log/log.ts';
import { formatGoDuration } from '../../core/options/go-values.ts';
import type { Dialect, GitSyncSettings } from '../settings.ts';

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

export interface Change {
  readonly local: string;
  readonly remote: string;
}

/** Says it in the words of the settings' dialect. */
export function createTeller(settings: GitSyncSettings, log: Log) {
  const { follow, dialect } = settings;
  const words = WORDINGS[dialect];
  const watched = follow.kind === 'ref' ? { ref: follow.ref } : { rev: follow.rev };
  return {
    cloning: (path: string) => log.info(words.cloning, { origin: settings.repo, path }),
    noUpdate(change: Change) {
      const [level, message] = words.noUpdate;
      log.at(level, message, { ...watched, ...change });
    },
    /** v3 knows no update at a first sync, and no sync at a restart that finds everything in its place. */
    updateRequired(facts: Change & { readonly changed: boolean; readonly syncCount: number }) {
      if (dialect === 'v4' || (facts.changed && facts.local !== '')) {
        log.info('update required', { ...watched, ...facts });
      }
      if (dialect === 'v3' && facts.changed) {
        log.info('syncing git', { ...watched, hash: facts.remote });
      }
    },
    updated(facts: Change & { readonly changed: boolean; readonly syncCount: number }) {
      log.info('updated successfully', { ...watched, ...facts });
    },
    addingWorktree(path: string, hash: string) {
      const from = follow.kind === 'branch' ? { branch: `origin/${follow.branch}` } : { hash };
      log.at(words.worktree, 'adding worktree', { path, ...from });
    },
    resetting: (path: string, hash: string) =>
      log.at(words.worktree, 'reset worktree to hash', { path, hash }),
    submodules: () => log.at(words.worktree, 'updating submodules'),
    pinned: (hash: string) => log.info(words.pinned, { ...watched, hash }),
    nextSync(milliseconds: number, syncCount: number) {
      const [level, key] = words.nextSync;
      log.at(level, 'next sync', { [key]: formatGoDuration(milliseconds), syncCount });
    },
    willRetry(error: unknown, failCount: number, milliseconds: number) {
      log.error(words.willRetry, error, { failCount });
      if (dialect === 'v3') {
        log.info('waiting before retrying', { waitTime: formatGoDuration(milliseconds) });
      }
    },
  };
}
