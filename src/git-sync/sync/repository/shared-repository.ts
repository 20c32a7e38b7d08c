/**
 * The repository of one root: objects on the volume, everything else in a private directory. What others may need of it
 * in the root is written there, and nothing of that is read back.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ForeignDirectory, openForeignRoot } from '../../../core/foreign-files/directory.ts';
import { ensureDirectory } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { readShallow } from '../../../git/adopt.ts';
import { formatOf, isFullHash, type ObjectFormat } from '../../../git/object-name.ts';
import { createPrivateRepository, type PrivateRepository } from '../../../git/private-repository.ts';
import { openSharedObjects, type SharedObjects } from '../../../git/shared-objects.ts';
import { makeGitDirectory } from './rebuild.ts';

export interface SharedRepositoryInit {
  readonly root: string;
  /** A directory that only this process can enter. */
  readonly privatePath: string;
  /** The address, without a password. */
  readonly url: string;
  /** The filter of a partial clone; empty for none. */
  readonly filter: string;
  readonly log: Log;
  /** Called when a repository is about to be made. */
  readonly onCreate: () => Promise<void>;
}

/** One pass over the root, with its directories held open. */
export interface OpenRoot {
  readonly directory: ForeignDirectory;
  /** Another one once a damaged repository has been replaced. */
  gitDirectory: ForeignDirectory;
}

export interface SharedRepository {
  /** The repository that git works in. Before the first `open` it is empty. */
  current(): PrivateRepository;
  /** The variables that make git use it, for every call that needs no other. */
  env(): Readonly<Record<string, string>>;
  /**
   * Opens what is shared, takes over what earlier syncs left, and closes it again after `use`. For the holder of the
   * root's lock.
   */
  withRoot<T>(options: OpenOptions, use: (root: OpenRoot) => Promise<T>): Promise<T>;
  /** A repository for a submodule's address, with objects of its own in the root. */
  moduleRepository(root: OpenRoot, key: string, url: string, commit: string): Promise<PrivateRepository>;
  /** A private path for an index; it goes with `removeIndexes`. */
  newIndexFile(): string;
  removeIndexes(): Promise<void>;
  /** A private path that stays until the end. */
  newPrivateFile(): string;
  /**
   * Runs `fetch` in a new, empty repository, and puts that in the place of the damaged one when it has succeeded.
   * Whatever fails, what was there stays.
   */
  rebuild<T>(root: OpenRoot, format: ObjectFormat, fetch: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Looks at every object for what git would wait for. */
  readonly isThorough: boolean;
  /** The commit that is expected or published, which tells the format of object names. */
  readonly hash?: string | undefined;
}

interface OpenModule {
  readonly repository: PrivateRepository;
  readonly objects: SharedObjects;
}

/** The format that the objects of a root have, as the names of its trees show. */
async function formatOfTrees(directory: ForeignDirectory): Promise<ObjectFormat | undefined> {
  const trees = await directory.open('.worktrees');
  if (trees === undefined) {
    return undefined;
  }
  try {
    const name = (await trees.list(1000)).map((entry) => entry.name).find(isFullHash);
    return name === undefined ? undefined : formatOf(name);
  } finally {
    await trees.close();
  }
}

export async function createSharedRepository(init: SharedRepositoryInit): Promise<SharedRepository> {
  const { privatePath, url, filter, log } = init;
  const indexes = join(privatePath, 'indexes');
  await mkdir(indexes, { recursive: true, mode: 0o700 });
  let generation = 0;
  const make = (objects: string, format: ObjectFormat, address = url, isMain = true) => {
    generation += 1;
    const gitDir = join(privatePath, `${isMain ? 'repository' : 'module'}-${generation}`);
    return createPrivateRepository({
      gitDir,
      objects,
      format,
      url: address,
      filter: isMain ? filter : '',
      shallow: [],
    });
  };
  let views = 0;
  const openObjectsOf = (directory: ForeignDirectory, isThorough: boolean) => {
    views += 1;
    return openSharedObjects(directory, { isThorough, view: join(privatePath, `objects-${views}`) }, log);
  };
  const nowhere = join(privatePath, 'no-objects');
  await mkdir(nowhere, { mode: 0o700 });
  let repository = await make(nowhere, 'sha1');
  let shared: SharedObjects | undefined;
  let modules = new Map<string, Promise<OpenModule>>();
  let indexCount = 0;

  const closeModules = async () => {
    const open = modules;
    modules = new Map();
    for (const module of open.values()) {
      await module.then(
        async ({ repository: used, objects }) => {
          await used.remove();
          await objects.close();
        },
        () => undefined,
      );
    }
  };

  /** Holds the objects of this moment open: they are others when somebody has replaced the directory. */
  const openObjects = async ({ directory, gitDirectory }: OpenRoot, options: OpenOptions) => {
    if (shared !== undefined && !options.isThorough && (await shared.isStillThere(gitDirectory))) {
      return;
    }
    if ((await gitDirectory.stat('objects')) === undefined) {
      log.info('repo directory was empty or failed checks', { path: init.root });
      await init.onCreate();
    }
    const former = shared;
    shared = await openObjectsOf(gitDirectory, options.isThorough);
    await former?.close();
    const format = options.hash === undefined ? await formatOfTrees(directory) : formatOf(options.hash);
    if (repository.format === (format ?? 'sha1')) {
      repository.useObjects(shared.pathForChildren);
    } else {
      const unsuitable = repository;
      repository = await make(shared.pathForChildren, format ?? 'sha1');
      await unsuitable.remove();
    }
  };

  return {
    current: () => repository,
    env: () => repository.env(),
    async rebuild(root, format, fetch) {
      const former = { repository, shared };
      const fresh = await makeGitDirectory(root, log);
      try {
        const objects = await openObjectsOf(fresh.directory, false);
        shared = objects;
        repository = await make(objects.pathForChildren, format);
        const result = await fetch();
        await fresh.takeOver(root);
        await former.repository.remove().catch(() => undefined);
        await former.shared?.close().catch(() => undefined);
        return result;
      } catch (error) {
        if (shared !== former.shared) {
          await shared?.close();
        }
        ({ repository, shared } = former);
        await fresh.abandon();
        throw error;
      }
    },
    async withRoot(options, use) {
      const directory = await openForeignRoot(init.root);
      try {
        const root: OpenRoot = { directory, gitDirectory: await ensureDirectory(directory, '.git', log) };
        try {
          await openObjects(root, options);
          await repository.addShallow(await readShallow(root.gitDirectory, repository.format));
          return await use(root);
        } finally {
          await root.gitDirectory.close();
        }
      } finally {
        await closeModules();
        await directory.close();
      }
    },
    async moduleRepository({ gitDirectory }, key, address, commit) {
      const found = modules.get(key) ?? openModule(gitDirectory, key, address, commit);
      modules.set(key, found);
      return (await found).repository;
    },
    newIndexFile() {
      indexCount += 1;
      return join(indexes, String(indexCount));
    },
    newPrivateFile() {
      indexCount += 1;
      return join(privatePath, `kept-${indexCount}`);
    },
    async removeIndexes() {
      await rm(indexes, { recursive: true, force: true });
      await mkdir(indexes, { recursive: true, mode: 0o700 });
    },
    async close() {
      await closeModules();
      await shared?.close();
      shared = undefined;
    },
  };

  async function openModule(
    gitDirectory: ForeignDirectory,
    key: string,
    address: string,
    commit: string,
  ): Promise<OpenModule> {
    const own = await ensureDirectory(gitDirectory, 'pillion', log);
    const all = await ensureDirectory(own, 'modules', log);
    await own.close();
    const directory = await ensureDirectory(all, key, log);
    await all.close();
    try {
      const objects = await openObjectsOf(directory, false);
      const module = await make(objects.pathForChildren, formatOf(commit), address, false);
      await module.addShallow(await readShallow(directory, module.format));
      return { repository: module, objects };
    } finally {
      await directory.close();
    }
  }
}
