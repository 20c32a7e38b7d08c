/** Room on a volume that was too small for what came. */
import { relative } from 'node:path';
import { errorMessage } from '../../../core/errors.ts';
import { removeBelow } from '../../../core/foreign-files/below.ts';
import type { LockedContext } from '../context.ts';
import { protectOthers } from '../repository/protect.ts';

/**
 * Removes the objects of a failed update that nothing uses: they would keep a smaller commit from fitting in later. What
 * published worktrees and our branch stand on stays. Failures are only logged.
 * @param spare a worktree that was kept to become another one; it goes, too
 */
export async function reclaimSpace(
  context: LockedContext,
  spare: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { git, log, shared, open, root } = context;
  const call = { cwd: root, signal };
  try {
    await (spare === undefined ? undefined : removeBelow(open.directory, relative(root, spare), signal));
    await protectOthers(shared, open, git, call);
    await git.run(['prune', '--expire=now'], call);
    await git.run(['repack', '-a', '-d', '-q'], call);
  } catch (error) {
    log.at(1, 'cannot make room on the full volume', { reason: errorMessage(error) });
  }
}
