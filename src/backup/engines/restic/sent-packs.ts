/**
 * Whether the store still has every pack that a backup has sent. restic takes the store's word for it, and reading a
 * snapshot and its manifest back says nothing about the packs that only hold content of files.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lineSplitter } from '../../../core/exec/lines.ts';
import { BACKUP_ERRORS } from '../../errors.ts';
import { cacheFolder } from './environment.ts';
import { READ, type Restic } from './restic.ts';

const INDEX_NAME = /^[\da-f]{64}$/;
const INDEX_FOLDER = /\/index(?:\/[\da-f]{2})?$/;
/** Nobody adds more in one backup; a new work directory gets all that the repository has, the newest last. */
const MAX_INDEXES = 8;
const MAX_LINE_BYTES = 1024;
const PACK = /"id":"([\da-f]{64})","blobs"/g;
/** A little longer than the longest match, which may lie in two chunks. */
const OVERLAP = 90;

/** Index files that restic has copies of in its cache, the newest last: what it has just written is among them. */
export async function knownIndexes(workDir: string): Promise<readonly string[]> {
  const entries = await readdir(cacheFolder(workDir), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const files = entries.filter(
    ({ name, parentPath }) => INDEX_NAME.test(name) && INDEX_FOLDER.test(parentPath),
  );
  const aged = await Promise.all(
    files.map(async ({ name, parentPath }) => ({ name, at: (await stat(join(parentPath, name))).mtimeMs })),
  );
  return aged.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
}

/** @param before what `knownIndexes` said before the backup */
export async function newIndexes(workDir: string, before: readonly string[]): Promise<readonly string[]> {
  const seen = new Set(before);
  return (await knownIndexes(workDir)).filter((name) => !seen.has(name)).slice(-MAX_INDEXES);
}

/**
 * @param indexes those that the backup has written
 * @throws PillionError `read_back_failed` when a pack is not there, or that cannot be found out
 */
export async function requireSentPacks(
  restic: Restic,
  indexes: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (indexes.length === 0) {
    return;
  }
  const needed = new Set<string>();
  for (const index of indexes) {
    await addPacksOf(restic, index, needed, signal);
  }
  await removePresent(restic, needed, signal);
  if (needed.size > 0) {
    // Lists of some stores lag behind.
    await removePresent(restic, needed, signal);
  }
  if (needed.size > 0) {
    const [first = ''] = needed;
    const message = `the store has lost ${needed.size} of the packs that it was just sent, such as ${first}`;
    throw BACKUP_ERRORS.read_back_failed({ message });
  }
}

/** An index is one line of JSON, of megabytes: it is never held. */
async function addPacksOf(
  restic: Restic,
  index: string,
  packs: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  let rest = '';
  const onBytes = (chunk: Buffer): void => {
    const text = rest + chunk.toString('latin1');
    for (const [, id = ''] of text.matchAll(PACK)) {
      packs.add(id);
    }
    rest = text.slice(-OVERLAP);
  };
  const { problem } = await restic.run({ args: ['cat', 'index', index, ...READ], signal, onBytes });
  if (problem !== undefined) {
    const message = `cannot read index ${index} back: ${problem.message}`;
    throw BACKUP_ERRORS.read_back_failed({ message });
  }
}

async function removePresent(restic: Restic, packs: Set<string>, signal: AbortSignal): Promise<void> {
  const lines = lineSplitter((line) => void packs.delete(line.trim()), MAX_LINE_BYTES);
  const onBytes = (chunk: Buffer): void => lines.push(chunk);
  const { problem } = await restic.run({ args: ['list', 'packs', ...READ], signal, onBytes });
  lines.end();
  if (problem !== undefined) {
    const message = `cannot list what was sent: ${problem.message}`;
    throw BACKUP_ERRORS.read_back_failed({ message });
  }
}
