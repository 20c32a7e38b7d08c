import { spawnSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, gitEnvironment } from '../../../test/support/git.ts';
import { createRepository, type GitRepository, gitmodules } from '../../../test/support/git-repository.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { openForeignRoot } from '../../core/foreign-files/directory.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createPrivateRepository } from '../private-repository.ts';
import { createGit } from '../run.ts';
import { type CheckedOutModule, checkOutModules } from '../submodules/checkout.ts';
import { type ConsumerView, type ModuleView, moduleDirectory, repositoryFiles, treeFiles } from './files.ts';
import { writeConsumerFiles } from './write.ts';

const temp = useTempDir();
const signal = new AbortController().signal;

async function write(view: ConsumerView): Promise<void> {
  const root = await openForeignRoot(view.root);
  try {
    await writeConsumerFiles(root, [...repositoryFiles(view), ...treeFiles(view)], {
      top: view.root,
      umask: 0o022,
      log: createRecordedLog().log,
    });
  } finally {
    await root.close();
  }
}

/** A root as git-sync leaves it, with a depth of 1. */
async function publishTree(
  upstream: GitRepository,
  treePath: (hash: string) => string,
): Promise<ConsumerView> {
  const root = temp.join('root');
  const commit = await upstream.hash();
  const config = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'protocol.file.allow',
    GIT_CONFIG_VALUE_0: 'always',
  };
  const env = gitEnvironment(config) as Record<string, string>;
  const { log } = createRecordedLog();
  const runner = createGit({ program: 'git', log, env: () => env });
  let count = 0;
  const open = async (objects: string, url: string) => {
    await mkdir(objects, { recursive: true });
    count += 1;
    const gitDir = temp.join('private', String(count));
    return createPrivateRepository({ gitDir, objects, format: 'sha1', url, filter: '', shallow: [] });
  };
  const repository = await open(join(root, '.git/objects'), upstream.url);
  const path = join(root, treePath(commit));
  const indexFile = temp.join('private/index');
  await mkdir(path, { recursive: true });
  await runner.run(['fetch', '--depth=1', '--', upstream.url, commit], {
    cwd: path,
    signal,
    env: repository.env(),
  });
  const place = { path, indexFile };
  await runner.run(['read-tree', '--reset', '-u', commit], {
    cwd: path,
    signal,
    env: repository.treeEnv(place.indexFile),
  });
  const objectsOf = new Map<string, string>();
  const context = {
    git: runner,
    log,
    async repositoryFor(url: string) {
      const objects = join(root, '.git/pillion/modules', String(objectsOf.size), 'objects');
      objectsOf.set(url, objects);
      return open(objects, url);
    },
    inTree: <T>(tree: string, use: (cwd: string) => Promise<T>) => use(tree),
    newIndexFile: () => temp.join(`private/index-${Math.random()}`),
    depth: 1,
    isRecursive: true,
    urlOverrides: new Map<string, string>(),
  };
  const modules = await checkOutModules(
    context,
    { path, commit, url: upstream.url, repository, indexFile },
    signal,
  );
  const viewOf = async (module: CheckedOutModule): Promise<ModuleView> => ({
    ...module,
    objects: objectsOf.get(module.url) ?? '',
    shallow: await module.repository.shallow(),
    modules: await Promise.all(module.modules.map(viewOf)),
  });
  return {
    root,
    format: 'sha1',
    url: upstream.url,
    filter: '',
    shallow: await repository.shallow(),
    commit,
    path,
    indexFile,
    sparsePatterns: undefined,
    modules: await Promise.all(modules.map(viewOf)),
  };
}

async function makeUpstream(): Promise<GitRepository> {
  const [parent, sub, nested] = await Promise.all(
    ['parent', 'sub', 'nested'].map(async (name) => {
      const repository = await createRepository(temp.join('upstream', name));
      await repository.commit({ [name]: 'first\n' });
      await repository.commit({ [name]: 'second\n' });
      return repository;
    }),
  );
  if (parent === undefined || sub === undefined || nested === undefined) {
    throw new Error('not made');
  }
  await sub.commit({
    '.gitmodules': gitmodules([{ path: 'nested', url: '../nested' }]),
    nested: { gitlink: await nested.hash() },
  });
  await parent.commit({
    '.gitmodules': gitmodules([{ name: 'a/sub', path: 'lib/sub', url: sub.url }]),
    'lib/sub': { gitlink: await sub.hash() },
  });
  return parent;
}

describe('the files for those who read in a root', () => {
  it.each([
    ['v4', (hash: string) => `.worktrees/${hash}`],
    ['v3', (hash: string) => `rev-${hash}`],
  ])(
    'make git work in a published tree of %s and in its submodules, whatever became of our own',
    async (_, treePath) => {
      const upstream = await makeUpstream();
      const view = await publishTree(upstream, treePath);
      await write(view);
      await rm(temp.join('private'), { recursive: true });
      const { root, path, commit } = view;
      expect(await git(path, 'log', '--format=%H')).toBe(commit);
      expect(await git(path, 'status', '--porcelain')).toBe('');
      expect(await git(path, 'rev-parse', '--show-toplevel')).toBe(path);
      expect(await git(root, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('git-sync');
      expect(await git(root, 'remote', 'get-url', 'origin')).toBe(upstream.url);
      expect(await git(root, 'fsck', '--no-dangling')).toBe('');
      expect(await git(root, 'worktree', 'list', '--porcelain')).toContain(
        `worktree ${path}\nHEAD ${commit}\ndetached`,
      );
      expect(await git(path, 'submodule', 'status', '--recursive')).toMatch(
        /^ \w{40} lib\/sub .*\n \w{40} lib\/sub\/nested/,
      );
      expect(await git(join(path, 'lib/sub/nested'), 'log', '--format=%s')).toBe('change 2');
    },
  );

  it('take the place of what a neighbour put there, and never go through it', async () => {
    const view = await publishTree(await makeUpstream(), (hash) => `.worktrees/${hash}`);
    const record = join(view.root, '.git/worktrees', view.commit);
    await mkdir(record, { recursive: true });
    await writeFile(temp.join('outside'), 'not yours\n');
    for (const path of ['.git/config', '.git/HEAD', '.git/shallow', `.worktrees/${view.commit}/.git`]) {
      await symlink(temp.join('outside'), join(view.root, path));
    }
    spawnSync('mkfifo', [join(record, 'HEAD')]);
    await symlink(temp.join('outside'), join(record, 'index'));
    await write(view);
    expect(await readFile(temp.join('outside'), 'utf8')).toBe('not yours\n');
    expect(await git(view.path, 'status', '--porcelain')).toBe('');
    await rm(record, { recursive: true });
    await symlink(temp.join('private'), record);
    const before = await readdir(temp.join('private'));
    await write(view);
    expect(await readdir(temp.join('private'))).toEqual(before);
    expect((await lstat(record)).isDirectory()).toBe(true);
    expect(await git(view.path, 'status', '--porcelain')).toBe('');
  });

  it('keep submodules in their directory, whatever their names are', () => {
    expect(moduleDirectory('lib/sub')).toBe('lib/sub');
    for (const name of ['../x', '/etc', 'a//b', 'a/./b', '..', '']) {
      const path = moduleDirectory(name);
      expect(
        path.split('/').some((part) => part === '' || part === '.' || part === '..'),
        path,
      ).toBe(false);
    }
  });
});
