/** Room on a volume that was too small for what came. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, PillionError, systemErrorCode } from '../../core/errors.ts';
import type { RepositoryInit } from './repository/repository.ts';

/** Whether an error means that the volume or its quota is full. */
export function isDiskFull(error: unknown): boolean {
  const code = systemErrorCode(error) ?? (error instanceof PillionError ? error.facts.systemCode : undefined);
  const isTold = error instanceof PillionError && error.code === 'disk_full';
  return isTold || code === 'ENOSPC' || code === 'EDQUOT';
}

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
