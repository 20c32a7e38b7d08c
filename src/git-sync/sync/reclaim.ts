/** Room on a volume that was too small for what came. */
import { errorMessage } from '../../core/errors.ts';
import type { LockedContext } from './context.ts';
import { protectOthers } from './repository/protect.ts';

/**
 * Removes the objects of a failed update that nothing uses: they would keep a smaller commit from fitting in later. What
 * published worktrees and our branch stand on stays. Failures are only logged.
 */
export async function reclaimSpace(context: LockedContext, signal: AbortSignal): Promise<void> {
  const { git, log, shared, open, root } = context;
  const call = { cwd: root, signal };
  try {
    await protectOthers(shared, open, git, call);
    await git.run(['prune', '--expire=now'], call);
    await git.run(['repack', '-a', '-d', '-q'], call);
  } catch (error) {
    log.at(1, 'cannot make room on the full volume', { reason: errorMessage(error) });
  }
}
