/**
 * Snapshots that were put on the volume and did not pass the checks: they are not tried again, or each start would set
 * aside one more copy, until what the volume held at first is pushed out.
 */
import { createHash } from 'node:crypto';
import { readRecord, withMadeOwnFolder, writeRecord } from '../commit/own-folder.ts';
import type { VolumeChecks } from '../volume/checks.ts';

const RECORD = 'rejected.json';
const MAX_RECORDED = 200;

interface Rejected {
  /** Of the checks: others may judge otherwise. */
  readonly checks: string;
  readonly ids: readonly string[];
}

export async function readRejected(volume: string, checks: VolumeChecks): Promise<ReadonlySet<string>> {
  const found = await withMadeOwnFolder(volume, (folder) => readRecord(folder, RECORD, parse));
  return new Set(found?.checks === keyOf(checks) ? found.ids : []);
}

export async function addRejected(volume: string, checks: VolumeChecks, id: string): Promise<void> {
  const before = await readRejected(volume, checks);
  const rejected: Rejected = { checks: keyOf(checks), ids: [...before, id].slice(-MAX_RECORDED) };
  await withMadeOwnFolder(volume, (folder) => writeRecord(folder, RECORD, rejected));
}

function keyOf({ required, minBytes, commands }: VolumeChecks): string {
  return createHash('sha256')
    .update(JSON.stringify([required, minBytes, commands]))
    .digest('hex')
    .slice(0, 32);
}

function parse(value: unknown): Rejected {
  const { checks, ids } = (value ?? {}) as Partial<Rejected>;
  if (typeof checks !== 'string' || !Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) {
    throw new TypeError('it is no list of snapshots');
  }
  return { checks, ids };
}
