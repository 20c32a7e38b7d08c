/**
 * What a process takes over from a root that was synced before: by git-sync, by an earlier Pillion, or by another one at
 * this moment. It is data, checked before it is used; nothing of it is configuration.
 */
import { readBelow } from '../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../core/foreign-files/directory.ts';
import type { ObjectFormat } from './object-name.ts';
import { parseHashes } from './private-repository.ts';

const MAX_SHALLOW_BYTES = 8 * 1024 * 1024;
const MAX_REFS_BYTES = 8 * 1024 * 1024;
const MAX_REFS = 10_000;
const MAX_DEPTH = 8;

/** The commits whose parents earlier fetches left out. Without them git would believe that it has all of the history. */
export async function readShallow(gitDirectory: ForeignDirectory, format: ObjectFormat): Promise<string[]> {
  const text = await gitDirectory.readText('shallow', { maxBytes: MAX_SHALLOW_BYTES });
  return parseHashes(text ?? '', format);
}

async function looseRefs(directory: ForeignDirectory, found: string[], depth: number): Promise<void> {
  for (const entry of await directory.list(MAX_REFS)) {
    if (found.length >= MAX_REFS) {
      return;
    }
    if (entry.isFile()) {
      found.push((await directory.readText(entry.name, { maxBytes: 128 }))?.trim() ?? '');
    } else if (entry.isDirectory() && depth < MAX_DEPTH) {
      const below = await directory.open(entry.name);
      if (below !== undefined) {
        try {
          await looseRefs(below, found, depth + 1);
        } finally {
          await below.close();
        }
      }
    }
  }
}

/**
 * The objects that refs in the root name: somebody's own branches, a git-sync of another kind. Cleaning must not take
 * away what they stand on. At most 10,000 are respected.
 */
export async function readForeignRefs(
  gitDirectory: ForeignDirectory,
  format: ObjectFormat,
): Promise<string[]> {
  const found: string[] = [];
  const refs = await gitDirectory.open('refs');
  if (refs !== undefined) {
    try {
      await looseRefs(refs, found, 0);
    } finally {
      await refs.close();
    }
  }
  const packed = await readBelow(gitDirectory, 'packed-refs', { maxBytes: MAX_REFS_BYTES });
  if (packed.kind === 'file') {
    const lines = packed.bytes.toString('latin1').split('\n');
    found.push(...lines.map((line) => line.replace(/^\^/, '').split(' ', 1)[0] ?? ''));
  }
  return parseHashes(found.join('\n'), format).slice(0, MAX_REFS);
}
