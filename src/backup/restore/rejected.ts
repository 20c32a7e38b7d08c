/**
 * Snapshots that did not pass the checks: they are not tried again, or each start of an init container would fetch them
 * all once more.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { readNote, withMadeOwnFolder, writeRecord } from '../commit/own-folder.ts';
import type { VolumeChecks } from '../volume/checks.ts';

const RECORD = 'rejected.json';
const MAX_RECORDED = 200;
const MAX_WHY = 500;

const RECORDED = v.object({
  /** Of the checks: others may judge otherwise. */
  checks: v.string(),
  snapshots: v.array(v.object({ id: v.string(), why: v.string() })),
});

/** Ids, and what was found. */
export async function readRejected(
  volume: string,
  checks: VolumeChecks,
): Promise<ReadonlyMap<string, string>> {
  const found = await withMadeOwnFolder(volume, (folder) =>
    readNote(folder, RECORD, (value) => v.parse(RECORDED, value)),
  );
  return new Map(found?.checks === keyOf(checks) ? found.snapshots.map(({ id, why }) => [id, why]) : []);
}

export async function addRejected(
  volume: string,
  checks: VolumeChecks,
  id: string,
  why: string,
): Promise<void> {
  const before = await readRejected(volume, checks);
  const all = [...new Map([...before, [id, why.slice(0, MAX_WHY)]])].slice(-MAX_RECORDED);
  const snapshots = all.map(([key, reason]) => ({ id: key, why: reason }));
  await withMadeOwnFolder(volume, (folder) =>
    writeRecord(folder, RECORD, { checks: keyOf(checks), snapshots }),
  );
}

function keyOf({ required, minBytes, databases, commands }: VolumeChecks): string {
  return createHash('sha256')
    .update(JSON.stringify([required, minBytes, databases, commands]))
    .digest('hex')
    .slice(0, 32);
}
