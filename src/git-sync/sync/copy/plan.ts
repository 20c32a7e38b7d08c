/** What differs between a tree and its copy: found out, and all that is new put ready, before anything is changed. */
import type { BigIntStats } from 'node:fs';
import type { AsyncByteDirectory, ByteEntry } from '../../../core/foreign-files/async-byte-directory.ts';
import { type ByteName, shownName } from '../../../core/foreign-files/entry-name.ts';
import { copyRegularFile, hasSameContent } from '../../../core/foreign-files/file-copies.ts';
import { INFO_DIR } from '../publishing/commit-info.ts';
import { COPY_ERRORS } from './errors.ts';
import { type KnownFiles, stateOf } from './known-files.ts';

/** A path below the top, parts with slashes between, a character for each byte. */
export type BytePath = string;

/** A file or link that lies ready under a name of its own. */
export interface ReadyLeaf {
  readonly name: ByteName;
  /** What it is like, but for the time of its last change, which its renaming is. */
  readonly like: string;
}

/** A directory of the tree. */
export interface PlannedDirectory {
  readonly mode: number;
  readonly directories: ReadonlyMap<ByteName, PlannedDirectory>;
  /** Files and links; undefined for one that stays. */
  readonly leaves: ReadonlyMap<ByteName, ReadyLeaf | undefined>;
}

export interface CopyPlan {
  readonly top: PlannedDirectory;
  /** Of all that the tree has; directories end with a slash. */
  readonly paths: ReadonlySet<BytePath>;
  /** Of the files and links that stay. */
  readonly states: Map<BytePath, string>;
  /** How many files and links are new. */
  readonly staged: number;
}

export interface PlanInit {
  readonly source: AsyncByteDirectory;
  readonly target: AsyncByteDirectory;
  /** Where what is new is put ready; in the file system of the target. */
  readonly staging: AsyncByteDirectory;
  readonly known: KnownFiles;
  readonly signal: AbortSignal;
  /** What is no file, link or directory is left out. */
  readonly onOther: (path: BytePath) => void;
}

/** Git's metadata of the tree and of its submodules; no commit can have an entry of this name. */
const GIT = '.git';
/** Calls wait for the disk more than they work. */
const AT_ONCE = 16;

type Status = BigIntStats | undefined;

const permissions = (mode: bigint): number => Number(mode) & 0o7777;

/** Whether an entry of a tree is one of the copy, too. */
export const isCopied = (name: ByteName, prefix: BytePath): boolean =>
  name !== GIT && !(prefix === '' && name === INFO_DIR);

/** Where a directory of the tree is visited. */
interface Place {
  readonly from: AsyncByteDirectory;
  readonly to: AsyncByteDirectory | undefined;
  readonly prefix: BytePath;
  /** All in it may differ: it belongs to a submodule that has another commit. */
  readonly isSuspect: boolean;
}

/** Reads both, as far as it is not known that they are the same; copies what differs into the staging directory. */
export async function planCopy(init: PlanInit): Promise<CopyPlan> {
  const { staging, known, signal } = init;
  const paths = new Set<BytePath>();
  const states = new Map<BytePath, string>();
  let staged = 0;
  const nextName = () => String(staged++);
  const isChanged = ({ isSuspect }: Place, path: BytePath) => isSuspect || known.isChanged(path);

  async function ready(name: ByteName): Promise<ReadyLeaf> {
    const status = await staging.stat(name);
    return { name, like: status === undefined ? '' : likeOf(stateOf(status)) };
  }

  async function link({ from, to }: Place, name: ByteName, there: Status): Promise<ReadyLeaf | undefined> {
    const target = await from.readlink(name);
    if (to !== undefined && there?.isSymbolicLink() === true && (await to.readlink(name)) === target) {
      return undefined;
    }
    const newName = nextName();
    await staging.symlink(newName, target);
    return ready(newName);
  }

  async function isSameFile({ from, to }: Place, name: ByteName, there: Status): Promise<boolean> {
    if (to === undefined || there?.isFile() !== true) {
      return false;
    }
    const source = await from.stat(name);
    return (
      source !== undefined &&
      permissions(there.mode) === permissions(source.mode) &&
      (await hasSameContent({ directory: from, name }, { directory: to, name }, signal))
    );
  }

  async function file(place: Place, name: ByteName, there: Status): Promise<ReadyLeaf | undefined> {
    if (await isSameFile(place, name, there)) {
      return undefined;
    }
    const newName = nextName();
    const one = { directory: place.from, name };
    if (!(await copyRegularFile(one, { directory: staging, name: newName }))) {
      throw COPY_ERRORS.tree_changed({ path: `${place.from.shownPath}/${shownName(name)}` });
    }
    return ready(newName);
  }

  async function leaf(place: Place, { name, kind }: ByteEntry): Promise<ReadyLeaf | undefined> {
    const path = place.prefix + name;
    // Before its content is looked at: a change after that is found out the next time.
    const there = await place.to?.stat(name);
    const isRight = there !== undefined && !isChanged(place, path) && known.isRight(path, there);
    const fresh = isRight ? undefined : await (kind === 'link' ? link : file)(place, name, there);
    if (fresh === undefined && there !== undefined) {
      states.set(path, stateOf(there));
    }
    return fresh;
  }

  async function visit(place: Place): Promise<PlannedDirectory> {
    const { from, prefix } = place;
    const directories = new Map<ByteName, PlannedDirectory>();
    const leaves = new Map<ByteName, ReadyLeaf | undefined>();
    const entries = (await from.entries()).filter(({ name }) => isCopied(name, prefix));
    const files = entries.filter(({ kind }) => kind === 'file' || kind === 'link');
    for (let at = 0; at < files.length; at += AT_ONCE) {
      signal.throwIfAborted();
      const some = files.slice(at, at + AT_ONCE);
      const found = await allSettled(some.map(async (entry) => leaf(place, entry)));
      some.forEach(({ name }, index) => {
        paths.add(prefix + name);
        leaves.set(name, found[index]);
      });
    }
    for (const { name, kind } of entries) {
      if (kind === 'directory') {
        paths.add(`${prefix}${name}/`);
        directories.set(name, await visitBelow(place, name));
      } else if (kind === 'other') {
        init.onOther(prefix + name);
      }
    }
    return { mode: permissions((await from.status()).mode), directories, leaves };
  }

  async function visitBelow(place: Place, name: ByteName): Promise<PlannedDirectory> {
    const { from, to, prefix } = place;
    const child = await from.open(name);
    if (child === undefined) {
      throw COPY_ERRORS.tree_changed({ path: `${from.shownPath}/${shownName(name)}` });
    }
    const below = await to?.open(name);
    try {
      return await visit({
        from: child,
        to: below,
        prefix: `${prefix}${name}/`,
        isSuspect: isChanged(place, prefix + name),
      });
    } finally {
      await below?.close();
      await child.close();
    }
  }

  const top = await visit({ from: init.source, to: init.target, prefix: '', isSuspect: false });
  return { top, paths, states, staged };
}

/** A state without its last part. */
export const likeOf = (state: string): string => state.slice(0, state.lastIndexOf(' '));

/** All results, once all have come: none goes on while what it works with is closed. */
async function allSettled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
