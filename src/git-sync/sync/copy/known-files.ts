/**
 * What this process knows of the files of a copy, so that a change need not read those that it does not change: what they
 * were like when they were known to be right, and what differs between the two commits. In a private file: nobody else could
 * be believed, and ten thousand files take a megabyte.
 */
import type { BigIntStats } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Git } from '../../../git/run.ts';
import { diffTree } from '../gates/changed-paths.ts';
import type { SyncSpec } from '../spec.ts';
import type { BytePath } from './plan.ts';

/** Whoever changes a file changes one of these, the last whatever they do. */
export function stateOf({ ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mode, mtimeNs, ctimeNs].join(' ');
}

export interface KnownFiles {
  /** Whether a file or link of the copy surely is what the commit has there. */
  isRight(path: BytePath, status: BigIntStats): boolean;
  /** Whether a path differs between the commits; of a submodule, all that is below. */
  isChanged(path: BytePath): boolean;
}

/** Nothing is known: everything is compared. */
export const NOTHING_KNOWN: KnownFiles = { isRight: () => false, isChanged: () => true };

/** More differences than this are found out file by file just as well. */
const MAX_CHANGED_BYTES = 4 * 1024 * 1024;

/** Whether all that is in a tree follows from its commit: what commands have put there may differ where no commit does. */
export const isFromCommit = ({ prePublish, prePublishHook }: SyncSpec): boolean =>
  prePublish.length === 0 && prePublishHook === undefined;

/** The paths that differ, below a directory of the tree; undefined where that is not known. */
async function changedBetween(
  git: Git,
  { root, from, to, below }: { root: string; from: string; to: string; below: string },
  signal: AbortSignal,
): Promise<ReadonlySet<BytePath> | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const collect = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_CHANGED_BYTES) {
      chunks.push(Buffer.from(chunk));
    }
  };
  try {
    await diffTree(git, { root, from, to, options: ['-z'] }, signal, collect);
  } catch {
    signal.throwIfAborted();
    return undefined; // the former commit may be gone
  }
  const paths = Buffer.concat(chunks).toString('latin1').split('\0').slice(0, -1);
  // Attributes decide about the content of other files.
  const isWide = paths.some((path) => /(^|\/)\.gitattributes$/i.test(path));
  if (bytes > MAX_CHANGED_BYTES || isWide) {
    return undefined;
  }
  const prefix = below === '' ? '' : `${Buffer.from(below).toString('latin1')}/`;
  return new Set(paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)));
}

export interface FileMemory {
  /** What is known when a copy of one commit becomes one of another. Once: whoever fails afterwards knows nothing. */
  take(git: Git, to: string, signal: AbortSignal): Promise<KnownFiles>;
  /** Notes what the files of a whole copy are like. */
  keep(hash: string, states: ReadonlyMap<BytePath, string>, newFile: () => string): Promise<void>;
}

export function createFileMemory(root: string, spec: SyncSpec): FileMemory {
  let kept: { readonly hash: string; readonly file: string } | undefined;
  return {
    async take(git, to, signal) {
      const last = kept;
      kept = undefined;
      if (last === undefined) {
        return NOTHING_KNOWN;
      }
      try {
        const below = spec.publishSubdirectory;
        const changed = await changedBetween(git, { root, from: last.hash, to, below }, signal);
        if (changed === undefined) {
          return NOTHING_KNOWN;
        }
        const states = unpack(await readFile(last.file, 'latin1'));
        return {
          isRight: (path, status) => states.get(path) === stateOf(status),
          isChanged: (path) => changed.has(path),
        };
      } finally {
        await rm(last.file, { force: true });
      }
    },
    async keep(hash, states, newFile) {
      if (!isFromCommit(spec)) {
        return;
      }
      const file = newFile();
      await writeFile(file, [...states].map(([path, state]) => `${path}\0${state}\0`).join(''), {
        encoding: 'latin1',
        mode: 0o600,
      });
      kept = { hash, file };
    },
  };
}

function unpack(text: string): ReadonlyMap<BytePath, string> {
  const parts = text.split('\0');
  const states = new Map<BytePath, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    states.set(parts[at] ?? '', parts[at + 1] ?? '');
  }
  return states;
}
