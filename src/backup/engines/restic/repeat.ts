/** The same snapshot once more, under a new time: `restic rewrite`, which walks neither the volume nor the snapshot. */
import { readdir } from 'node:fs/promises';
import type { BackupRequest, Snapshot, StoredSnapshot } from '../../model.ts';
import { cacheFolder } from './environment.ts';
import type { Restic } from './restic.ts';
import type { ResticCall, ResticResult } from './run-restic.ts';

const SAVED = /saved new snapshot ([\da-f]{8,64})/;
const SNAPSHOT_FOLDER = /\/snapshots(?:\/[\da-f]{2})?$/;
const FULL_ID = /^[\da-f]{64}$/;

/** restic takes a time in seconds. Zone: that of the call. */
const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/**
 * Undefined when it cannot be done: then a backup is made as always. What it has stored nevertheless is a good snapshot.
 * @param runLocked runs a command that waits for other writers
 */
export async function repeatSnapshot(
  restic: Restic,
  { now, volume: root, manifest }: BackupRequest,
  earlier: Snapshot,
  signal: AbortSignal,
  runLocked: (command: string, call: ResticCall) => Promise<ResticResult>,
): Promise<StoredSnapshot | undefined> {
  const time = Math.floor(now / 1000) * 1000;
  const { files, bytes, isPartial } = earlier;
  const isUsable = earlier.root === root && earlier.manifest === manifest && isPartial !== true;
  if (!isUsable || files === undefined || bytes === undefined || time <= earlier.time) {
    return undefined;
  }
  const args = ['--new-time', timeText(time), earlier.id];
  const { problem, stdout } = await runLocked('rewrite', { args, signal, env: { TZ: 'UTC' } });
  const short = SAVED.exec(stdout)?.[1];
  if (problem !== undefined || short === undefined) {
    restic.warn('cannot store the same snapshot again, so the volume is stored', {
      reason: problem?.message ?? 'restic did not name the snapshot',
    });
    return undefined;
  }
  const id = await fullId(restic, short, signal);
  return id === undefined
    ? undefined
    : {
        snapshot: { id, time, root, manifest, files, bytes, isPartial: false },
        files,
        bytes,
        added: 0,
        isRepeated: true,
      };
}

/** From the copy that restic keeps of it in its cache, or else from the store. */
async function fullId(restic: Restic, short: string, signal: AbortSignal): Promise<string | undefined> {
  const entries = await readdir(cacheFolder(restic.workDir), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const cached = entries
    .filter(({ name, parentPath }) => FULL_ID.test(name) && SNAPSHOT_FOLDER.test(parentPath))
    .map(({ name }) => name);
  const matching = (ids: readonly string[]) => ids.filter((id) => id.startsWith(short));
  const [found, other] = matching(cached);
  if (found !== undefined && other === undefined) {
    return found;
  }
  const listed = await restic.ids(signal);
  const known = 'kind' in listed ? [] : matching(listed);
  return known.length === 1 ? known[0] : undefined;
}
