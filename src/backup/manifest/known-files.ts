/** Hashes from an earlier manifest of the same tree, for files that are still the same by their status. */
import type { BigIntStats } from 'node:fs';
import { type BytePath, compareInTree, type Entry } from './entry.ts';
import { manifestLines } from './files.ts';
import { type LineAroundHash, LineFault, parseEntry, pathOfLine } from './format.ts';

export interface KnownFiles {
  /** Paths are asked for in the order of the tree, none again once it was found: the earlier manifest is read along. */
  find(path: BytePath, status: BigIntStats, line: LineAroundHash): string | undefined;
  close(): void;
}

const NOTHING: KnownFiles = { find: () => undefined, close: () => {} };
const HASH = /^[0-9a-f]{64}$/;
const HASH_LENGTH = 64;

/** A manifest that cannot be read, or is damaged from some line on, only means that files are read again. */
export function createKnownFiles(manifest: string | undefined): KnownFiles {
  if (manifest === undefined) {
    return NOTHING;
  }
  const lines = manifestLines(manifest);
  let current: string | undefined;

  function advance(): void {
    try {
      const next = lines.next();
      current = next.done === true ? undefined : next.value;
    } catch {
      current = undefined;
    }
  }

  /** Whether the line of this path is the current one. */
  function isAt(path: BytePath, word: string): boolean {
    while (current !== undefined) {
      if (current.startsWith(word) && current[word.length] === ' ') {
        return true;
      }
      if (!current.startsWith('#')) {
        const other = pathOfLine(current);
        if (other === undefined || compareInTree(other, path) > 0) {
          return false;
        }
      }
      advance();
    }
    return false;
  }

  const hashHere = (status: BigIntStats, line: LineAroundHash): string | undefined =>
    current && (hashBetween(current, line) ?? hashOfSame(current, status));

  advance();
  return {
    find(path, status, line) {
      // Nearly always it is the next one.
      const hash =
        (current && hashBetween(current, line)) ??
        (isAt(path, line.word) ? hashHere(status, line) : undefined);
      if (hash !== undefined) {
        advance();
      }
      return hash;
    },
    close: () => void lines.return(),
  };
}

/** Of nearly all files: their line is the same again. */
function hashBetween(line: string, { before, after }: LineAroundHash): string | undefined {
  if (line.length !== before.length + HASH_LENGTH + after.length) {
    return undefined;
  }
  const hash = line.slice(before.length, before.length + HASH_LENGTH);
  return line === `${before}${hash}${after}` && HASH.test(hash) ? hash : undefined;
}

function hashOfSame(line: string, status: BigIntStats): string | undefined {
  try {
    const entry = parseEntry(line);
    return isSame(entry, status) ? entry.sha256 : undefined;
  } catch (error) {
    if (error instanceof LineFault) {
      return undefined;
    }
    throw error;
  }
}

function isSame(entry: Entry, status: BigIntStats): entry is Extract<Entry, { type: 'file' }> {
  return (
    entry.type === 'file' &&
    entry.identity?.inode === status.ino &&
    entry.identity.ctimeNs === status.ctimeNs &&
    !entry.identity.isRecent &&
    entry.mtimeNs === status.mtimeNs &&
    BigInt(entry.size) === status.size
  );
}
