/**
 * Whether the store still has every pack that a backup has sent. restic takes the store's word for it, and reading a
 * snapshot and its manifest back says nothing about the packs that only hold content of files.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lineSplitter } from '../../../core/exec/lines.ts';
import { STORE_ERRORS } from '../../errors.ts';
import type { Unproved } from '../../model.ts';
import { cacheFolder } from './environment.ts';
import { READ, type Restic } from './restic.ts';

const INDEX_NAME = /^[\da-f]{64}$/;
const INDEX_FOLDER = /\/index(?:\/[\da-f]{2})?$/;
/** Nobody adds more in one backup; a new work directory gets all that the repository has, the newest last. */
const MAX_INDEXES = 8;
const MAX_LINE_BYTES = 1024;
/** Of a pack, or of a blob in it. */
const ENTRY = /"id":"([\da-f]{64})","(blobs|type)"/g;
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

/**
 * The newest first. Where restic had no cache before, those that it has fetched are among them, after those that it wrote.
 * @param before what `knownIndexes` said before the backup
 */
export async function newIndexes(workDir: string, before: readonly string[]): Promise<readonly string[]> {
  const seen = new Set(before);
  return (await knownIndexes(workDir))
    .filter((name) => !seen.has(name))
    .slice(-MAX_INDEXES)
    .toReversed();
}

/**
 * @throws PillionError `read_back_failed` when a pack is not there, or that cannot be found out
 */
export async function requireSentPacks(
  restic: Restic,
  { lists, items }: Unproved,
  signal: AbortSignal,
): Promise<void> {
  const needed = new Set<string>();
  let left = items;
  for (const index of lists) {
    if (left <= 0) {
      break;
    }
    left -= await addPacksOf(restic, index, needed, signal);
  }
  if (needed.size === 0) {
    return;
  }
  await removePresent(restic, needed, signal);
  if (needed.size > 0) {
    // Lists of some stores lag behind.
    await removePresent(restic, needed, signal);
  }
  if (needed.size > 0) {
    const [first = ''] = needed;
    const message = `the store has lost ${needed.size} of the packs that it was just sent, such as ${first}`;
    throw STORE_ERRORS.read_back_failed({ message });
  }
}

/**
 * An index is one line of JSON, of megabytes: it is never held.
 * @returns how many blobs it tells of
 */
async function addPacksOf(
  restic: Restic,
  index: string,
  packs: Set<string>,
  signal: AbortSignal,
): Promise<number> {
  let rest = '';
  let blobs = 0;
  const onBytes = (chunk: Buffer): void => {
    const text = rest + chunk.toString('latin1');
    let end = 0;
    for (const match of text.matchAll(ENTRY)) {
      const [all, id = '', what] = match;
      end = match.index + all.length;
      if (what === 'blobs') {
        packs.add(id);
      } else {
        blobs += 1;
      }
    }
    // Nothing is counted twice.
    rest = text.slice(Math.max(end, text.length - OVERLAP));
  };
  const { problem } = await restic.run({ args: ['cat', 'index', index, ...READ], signal, onBytes });
  if (problem !== undefined) {
    const message = `cannot read index ${index} back: ${problem.message}`;
    throw STORE_ERRORS.read_back_failed({ message });
  }
  return blobs;
}

async function removePresent(restic: Restic, packs: Set<string>, signal: AbortSignal): Promise<void> {
  const lines = lineSplitter((line) => void packs.delete(line.trim()), MAX_LINE_BYTES);
  const onBytes = (chunk: Buffer): void => lines.push(chunk);
  const { problem } = await restic.run({ args: ['list', 'packs', ...READ], signal, onBytes });
  lines.end();
  if (problem !== undefined) {
    const message = `cannot list what was sent: ${problem.message}`;
    throw STORE_ERRORS.read_back_failed({ message });
  }
}
