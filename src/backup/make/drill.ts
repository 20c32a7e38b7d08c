/** Restores a snapshot into scratch and compares it: the only proof that a backup is one. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../core/files.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import { compareTree } from '../manifest/compare.ts';
import type { Comparison, Engine, EngineWork, Snapshot } from '../model.ts';

/**
 * @param workDir where there is room for the whole snapshot
 * @throws PillionError `restore_failed` when it is not what was stored
 */
export async function drill(
  engine: Engine,
  snapshot: Snapshot,
  workDir: string,
  work: EngineWork,
): Promise<Comparison> {
  const target = join(workDir, 'drill');
  await removeTree(target);
  await mkdir(target, { mode: 0o700 });
  try {
    const { root, manifest } = await engine.restoreTo(snapshot, target, work);
    if (manifest === undefined) {
      const message = `snapshot ${snapshot.id} has no manifest of ours to compare it with`;
      throw BACKUP_ERRORS.restore_failed({ message });
    }
    const compared = await compareTree(root, manifest, { ...work, share: 1 });
    if (compared.problems > 0) {
      const such = compared.examples.slice(0, 5).join('; ');
      const message = `snapshot ${snapshot.id} does not verify: ${compared.problems} differences, such as ${such}`;
      throw BACKUP_ERRORS.restore_failed({ message });
    }
    return compared;
  } finally {
    await removeTree(target);
  }
}
