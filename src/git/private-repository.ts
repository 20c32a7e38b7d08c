/**
 * A git directory that only this process can write: configuration, HEAD, refs and records. Objects lie elsewhere, on a
 * volume that others may share; git is told where by its environment and never reads anything else there.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderGitConfig } from './config-file.ts';
import { formatOf, isFullHash, type ObjectFormat } from './object-name.ts';
import { formatConfig } from './repository-config.ts';

export interface PrivateRepositoryInit {
  /** Does not exist yet; below a directory that only this user can enter. */
  readonly gitDir: string;
  /** The object directory, as git is to open it. */
  readonly objects: string;
  readonly format: ObjectFormat;
  /** The address without a password: what git-lfs and a lazy fetch of a partial clone ask. */
  readonly url: string;
  /** The filter of a partial clone; empty for none. */
  readonly filter: string;
  /** Commits whose parents were left out by an earlier fetch. */
  readonly shallow: readonly string[];
}

export interface PrivateRepository {
  readonly gitDir: string;
  readonly format: ObjectFormat;
  /** The same objects are at another path from now on. */
  useObjects(path: string): void;
  /** Variables that make git use it. */
  env(): Readonly<Record<string, string>>;
  /** The same for work in a tree, which is the working directory of the call. The index is outside of the tree. */
  treeEnv(indexFile: string): Readonly<Record<string, string>>;
  /** Points a ref at a commit. The ref's name is ours, never a remote's. */
  setRef(name: string, hash: string): Promise<void>;
  /** Makes the refs in a directory below `refs/` name these commits, and no others. */
  setRefs(directory: string, hashes: readonly string[]): Promise<void>;
  /** Removes the lock files that a killed git leaves. */
  removeLocks(): Promise<void>;
  shallow(): Promise<string[]>;
  addShallow(hashes: readonly string[]): Promise<void>;
  fetchHead(): Promise<FetchedObject | undefined>;
  remove(): Promise<void>;
}

/** What the last fetch brought: the object, and whether it is certainly a commit. */
export interface FetchedObject {
  readonly hash: string;
  readonly isCommit: boolean;
}

/** The branch that HEAD names, as in git-sync. */
export const OWN_BRANCH = 'git-sync';

/** The object names in a text of one per line, in the form of the file `shallow`. Anything else is left out. */
export function parseHashes(text: string, format: ObjectFormat): string[] {
  const lines = text.split('\n').filter((line) => isFullHash(line) && formatOf(line) === format);
  return [...new Set(lines)];
}

function configOf({ format, url, filter }: PrivateRepositoryInit): string {
  const pairs = [
    ...formatConfig(format, filter),
    // Nobody reads reflogs here, and each would keep objects from being removed.
    { key: 'core.logallrefupdates', value: 'false' },
    // Packed, they would stay when their files go.
    { key: 'gc.packRefs', value: 'false' },
    // What a neighbour makes of them, git would believe.
    { key: 'core.commitGraph', value: 'false' },
    { key: 'core.multiPackIndex', value: 'false' },
    { key: 'gc.writeCommitGraph', value: 'false' },
    // Whatever comes becomes a pack: only those and the loose objects that are there already have a place to go to.
    { key: 'fetch.unpackLimit', value: '1' },
    { key: 'remote.origin.url', value: url },
    ...(filter === ''
      ? []
      : [
          { key: `remote.${url}.url`, value: url },
          { key: `remote.${url}.promisor`, value: 'true' },
          { key: `remote.${url}.partialclonefilter`, value: filter },
        ]),
  ];
  return renderGitConfig(pairs);
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.lock`, text);
  await rename(`${path}.lock`, path);
}

/** Makes the git directory. Nothing in it needs to survive the process: there is no fsync. */
export async function createPrivateRepository(init: PrivateRepositoryInit): Promise<PrivateRepository> {
  const { gitDir, objects, format } = init;
  await mkdir(gitDir, { recursive: true, mode: 0o700 });
  for (const directory of ['refs/heads', 'refs/tags', 'objects', 'info']) {
    await mkdir(join(gitDir, directory), { recursive: true });
  }
  await writeFile(join(gitDir, 'config'), configOf(init), { mode: 0o600 });
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${OWN_BRANCH}\n`);
  let env = { GIT_DIR: gitDir, GIT_OBJECT_DIRECTORY: objects };
  const shallowPath = join(gitDir, 'shallow');
  const shallow = async () => parseHashes(await readIfThere(shallowPath), format);
  const repository: PrivateRepository = {
    gitDir,
    format,
    useObjects(path) {
      env = { GIT_DIR: gitDir, GIT_OBJECT_DIRECTORY: path };
    },
    env: () => env,
    treeEnv: (indexFile) => ({ ...env, GIT_WORK_TREE: '.', GIT_INDEX_FILE: indexFile }),
    setRef: (name, hash) => replaceFile(join(gitDir, name), `${hash}\n`),
    async setRefs(directory, hashes) {
      const path = join(gitDir, directory);
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      for (const hash of hashes) {
        await writeFile(join(path, hash), `${hash}\n`);
      }
    },
    async removeLocks() {
      const names = await readdir(gitDir, { recursive: true }).catch(() => []);
      for (const name of names.filter((each) => each.endsWith('.lock'))) {
        await rm(join(gitDir, name), { force: true });
      }
    },
    shallow,
    async addShallow(hashes) {
      const known = await shallow();
      const all = new Set([...known, ...hashes]);
      if (all.size > known.length) {
        await replaceFile(shallowPath, `${[...all].toSorted().join('\n')}\n`);
      }
    },
    async fetchHead() {
      const [line = ''] = (await readIfThere(join(gitDir, 'FETCH_HEAD'))).split('\n');
      const [hash = '', , description = ''] = line.split('\t');
      return isFullHash(hash) ? { hash, isCommit: description.startsWith("branch '") } : undefined;
    },
    remove: () => rm(gitDir, { recursive: true, force: true }),
  };
  await repository.addShallow(init.shallow);
  return repository;
}
