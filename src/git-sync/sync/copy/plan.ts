/** What differs between a tree and its copy: found out, and all that is new put ready, before anything is changed. */
import type { Breather } from '../../../core/breather.ts';
import type { ByteDirectory } from '../../../core/foreign-files/byte-directory.ts';
import type { ByteName } from '../../../core/foreign-files/entry-name.ts';
import { copyRegularFile, type SameContent } from '../../../core/foreign-files/file-copies.ts';
import { INFO_DIR } from '../commit-info.ts';
import { COPY_ERRORS } from './errors.ts';

/** A path below the top, parts with slashes between, a character for each byte. */
export type BytePath = string;

/** A directory of the tree. */
export interface PlannedDirectory {
  readonly mode: number;
  readonly directories: ReadonlyMap<ByteName, PlannedDirectory>;
  /** Files and links; with the name under which a new one lies ready, or undefined for one that stays. */
  readonly leaves: ReadonlyMap<ByteName, ByteName | undefined>;
}

export interface CopyPlan {
  readonly top: PlannedDirectory;
  /** Of all that the tree has; directories end with a slash. */
  readonly paths: ReadonlySet<BytePath>;
  /** How many files and links are new. */
  readonly staged: number;
}

export interface PlanInit {
  readonly source: ByteDirectory;
  readonly target: ByteDirectory;
  /** Where what is new is put ready; in the file system of the target. */
  readonly staging: ByteDirectory;
  readonly isSame: SameContent;
  readonly breathe: Breather;
  /** What is no file, link or directory is left out. */
  readonly onOther: (path: BytePath) => void;
}

/** Git's metadata of the tree and of its submodules; no commit can have an entry of this name. */
const GIT = '.git';

const permissions = (mode: bigint): number => Number(mode) & 0o7777;

/** Reads both, copies what differs into the staging directory. */
export async function planCopy(init: PlanInit): Promise<CopyPlan> {
  const { staging, isSame, breathe } = init;
  const paths = new Set<BytePath>();
  let staged = 0;
  const nextName = () => String(staged++);

  async function link(from: ByteDirectory, to: ByteDirectory | undefined, name: ByteName) {
    const target = from.readlink(name);
    if (to?.stat(name)?.isSymbolicLink() === true && to.readlink(name) === target) {
      return undefined;
    }
    const ready = nextName();
    staging.symlink(ready, target);
    return ready;
  }

  async function file(from: ByteDirectory, to: ByteDirectory | undefined, name: ByteName, mode: bigint) {
    const there = to?.stat(name);
    const isAlike = there?.isFile() === true && permissions(there.mode) === permissions(mode);
    const one = { directory: from, name };
    if (isAlike && to !== undefined && (await isSame(one, { directory: to, name }))) {
      return undefined;
    }
    const ready = nextName();
    if (!(await copyRegularFile(one, { directory: staging, name: ready }))) {
      throw COPY_ERRORS.tree_changed({ path: `${from.shownPath}/${name}` });
    }
    return ready;
  }

  async function visit(
    from: ByteDirectory,
    to: ByteDirectory | undefined,
    prefix: BytePath,
  ): Promise<PlannedDirectory> {
    const directories = new Map<ByteName, PlannedDirectory>();
    const leaves = new Map<ByteName, ByteName | undefined>();
    for (const name of from.names()) {
      await breathe();
      if (name === GIT || (prefix === '' && name === INFO_DIR)) {
        continue;
      }
      const path = prefix + name;
      const status = from.stat(name);
      if (status?.isDirectory() === true) {
        paths.add(`${path}/`);
        directories.set(name, await visitBelow(from, to, name, `${path}/`));
      } else if (status?.isFile() === true || status?.isSymbolicLink() === true) {
        paths.add(path);
        leaves.set(
          name,
          status.isFile() ? await file(from, to, name, status.mode) : await link(from, to, name),
        );
      } else {
        init.onOther(path);
      }
    }
    return { mode: permissions(from.status().mode), directories, leaves };
  }

  async function visitBelow(
    from: ByteDirectory,
    to: ByteDirectory | undefined,
    name: ByteName,
    prefix: BytePath,
  ): Promise<PlannedDirectory> {
    const child = from.open(name);
    if (child === undefined) {
      throw COPY_ERRORS.tree_changed({ path: `${from.shownPath}/${name}` });
    }
    const below = to?.open(name);
    try {
      return await visit(child, below, prefix);
    } finally {
      below?.close();
      child.close();
    }
  }

  return { top: await visit(init.source, init.target, ''), paths, staged };
}
