/** Room on a volume that was too small for what came. */
import { errorMessage } from '../../core/errors.ts';
import type { FetchInit } from './fetch.ts';
import { protectOthers } from './repository/protect.ts';
import type { OpenRoot } from './repository/shared-repository.ts';

/**
 * Removes the objects that a failed update has brought and nobody needs: they would keep a smaller commit from
 * fitting in later. What published trees and our branch stand on stays. Failures are only logged.
 */
export async function reclaimSpace(
  { git, log, shared, cwd }: Pick<FetchInit, 'git' | 'log' | 'shared' | 'cwd'>,
  root: OpenRoot,
  signal: AbortSignal,
): Promise<void> {
  const call = { cwd, signal };
  try {
    await protectOthers(shared, root, git, call);
    await git.run(['prune', '--expire=now'], call);
    await git.run(['repack', '-a', '-d', '-q'], call);
  } catch (error) {
    log.at(1, 'cannot make room on the full volume', { reason: errorMessage(error) });
  }
}
