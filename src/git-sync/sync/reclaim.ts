/** Room on a volume that was too small for what came. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.ts';
import type { RepositoryInit } from './repository/repository.ts';

/**
 * Removes the objects that a failed update has brought and nobody needs: they would keep a smaller commit from
 * fitting in later. What published trees and our branch stand on stays. Failures are only logged.
 */
export async function reclaimSpace(init: RepositoryInit, signal: AbortSignal): Promise<void> {
  await rm(join(init.root, '.git', 'FETCH_HEAD'), { force: true });
  for (const args of [
    ['prune', '--expire=now'],
    ['repack', '-a', '-d', '-q'],
  ]) {
    try {
      await init.git.run(args, { cwd: init.root, signal });
    } catch (error) {
      init.log.at(1, 'cannot make room on the full volume', { reason: errorMessage(error) });
    }
  }
}
