/** Work on a root that others may use as well: under its lock, and without what others left in git's configuration. */
import type { Clock } from '../../../core/clock.ts';
import { killOrphans } from '../../../core/exec/orphans.ts';
import { makeDirectory } from '../../../core/files.ts';
import type { DirectoryLock } from '../../../core/lock/directory-lock.ts';
import { OWNER_VARIABLE } from '../../../git/environment.ts';
import { withVariables } from '../../../git/run.ts';
import type { LockedContext, SyncContext } from '../context.ts';
import { setForeignConfigAside } from '../repository/foreign-config.ts';
import { removeGitLeftovers } from '../repository/leftovers.ts';
import { lockRoot } from './root-lock.ts';

export interface RootAccess {
  /**
   * Runs work as the only writer of the root. Its git carries the lock's id, so that a successor can end what a killed
   * owner left running.
   * @param hash the commit that is expected or published, which tells the format of object names
   * @throws PillionError `root_busy` when the signal aborts the wait for another owner
   */
  run<T>(
    hash: string | undefined,
    signal: AbortSignal,
    work: (context: LockedContext) => Promise<T>,
  ): Promise<T>;
}

export function createRootAccess(context: SyncContext, clock: Clock): RootAccess {
  const { root, shared, log } = context;
  // Our own predecessor may have been killed.
  let mayHaveLeftovers = true;

  const lock = (signal: AbortSignal) =>
    lockRoot({
      root,
      clock,
      signal,
      onWait: (owner) => log.info('waiting for another git-sync that uses this root', { root, owner }),
      async onDeadOwner(owner) {
        mayHaveLeftovers = true;
        const { killed } = await killOrphans({ name: OWNER_VARIABLE, value: owner }, signal);
        log.info('taking over from a git-sync that died', { owner, endedProcesses: killed.length });
      },
    });

  const workIn = async <T>(locked: LockedContext, work: (context: LockedContext) => Promise<T>) => {
    const { open } = locked;
    await setForeignConfigAside(open.gitDirectory, log);
    try {
      if (mayHaveLeftovers) {
        await removeGitLeftovers(open, log);
      }
      return await work(locked);
    } catch (error) {
      // A git that was ended leaves locks and temporary packs, also when no next pass comes.
      await shared
        .current()
        .removeLocks()
        .catch(() => {});
      await removeGitLeftovers(open, log).catch(() => {});
      throw error;
    }
  };

  const runLocked = async <T>(
    { id }: DirectoryLock,
    hash: string | undefined,
    work: (context: LockedContext) => Promise<T>,
  ) => {
    const git = withVariables(context.git, { [OWNER_VARIABLE]: id });
    const options = { isThorough: mayHaveLeftovers, hash };
    try {
      const result = await shared.withRoot(options, (open) => workIn({ ...context, git, open }, work));
      mayHaveLeftovers = false;
      return result;
    } catch (error) {
      mayHaveLeftovers = true;
      throw error;
    }
  };

  return {
    async run(hash, signal, work) {
      await makeDirectory(root);
      const held = await lock(signal);
      try {
        return await runLocked(held, hash, work);
      } finally {
        await held.release();
      }
    },
  };
}
