/** Hashes from an earlier manifest of the same tree, for files that are still the same by their status. */
import type { BigIntStats } from 'node:fs';
import { type BytePath, compareInTree, type Entry } from './entry.ts';
import { readManifest } from './files.ts';

export interface KnownFiles {
  /** Paths are asked for in the order of the tree: the earlier manifest is read along. */
  find(path: BytePath, status: BigIntStats): Promise<string | undefined> | string | undefined;
  close(): Promise<void>;
}

const NOTHING: KnownFiles = { find: () => undefined, close: async () => {} };

/** A manifest that cannot be read, or is damaged from some line on, only means that files are read again. */
export function createKnownFiles(manifest: string | undefined, signal: AbortSignal): KnownFiles {
  if (manifest === undefined) {
    return NOTHING;
  }
  const entries = readManifest(manifest, signal);
  let current: Entry | undefined;
  let hasEnded = false;

  async function advance(): Promise<void> {
    try {
      const next = await entries.next();
      hasEnded = next.done === true;
      current = next.done === true ? undefined : next.value;
    } catch {
      signal.throwIfAborted();
      hasEnded = true;
      current = undefined;
    }
  }

  return {
    async find(path, status) {
      while (!hasEnded && (current === undefined || compareInTree(current.path, path) < 0)) {
        await advance();
      }
      return current?.path === path && isSame(current, status) ? current.sha256 : undefined;
    },
    async close() {
      await entries.return({ entries: 0, files: 0, bytes: 0, digest: '' });
    },
  };
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
