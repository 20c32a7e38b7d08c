import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gitEnvironment } from '../../../test/support/git.ts';
import { createRepository, type GitRepository, gitmodules } from '../../../test/support/git-repository.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { createPrivateRepository, type PrivateRepository } from '../private-repository.ts';
import { createGit, type Git } from '../run.ts';
import { type CheckedOutTree, checkOutModules, type ModuleContext } from './checkout.ts';

const temp = useTempDir();
const signal = new AbortController().signal;

function realGit(): Git {
  const config = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'protocol.file.allow',
    GIT_CONFIG_VALUE_0: 'always',
  };
  return createGit({
    program: 'git',
    log: createRecordedLog().log,
    env: () => gitEnvironment(config) as Record<string, string>,
  });
}

async function privateRepository(name: string, url: string): Promise<PrivateRepository> {
  const objects = temp.join('volume', name, 'objects');
  await mkdir(objects, { recursive: true });
  const gitDir = temp.join('private', name);
  return createPrivateRepository({ gitDir, objects, format: 'sha1', url, filter: '', shallow: [] });
}

/** A context whose repositories lie in the test's directory, one per address. */
function moduleContext(git: Git, parts: Partial<ModuleContext> = {}): ModuleContext {
  const repositories = new Map<string, Promise<PrivateRepository>>();
  let indexes = 0;
  return {
    git,
    log: createRecordedLog().log,
    repositoryFor(url) {
      const key = createHash('sha256').update(url).digest('hex').slice(0, 16);
      const found = repositories.get(key) ?? privateRepository(key, url);
      repositories.set(key, found);
      return found;
    },
    inTree: (path, use) => use(path),
    newIndexFile() {
      indexes += 1;
      return temp.join('private', `index-${indexes}`);
    },
    depth: 1,
    isRecursive: true,
    urlOverrides: new Map(),
    ...parts,
  };
}

/** Checks out the tip of a repository as git-sync does, without its submodules. */
async function checkOut(git: Git, upstream: GitRepository): Promise<CheckedOutTree> {
  const commit = await upstream.hash();
  const repository = await privateRepository('parent', upstream.url);
  const place = { path: temp.join('tree'), indexFile: temp.join('private', 'index') };
  await mkdir(place.path);
  await git.run(['fetch', '--depth=1', '--', upstream.url, commit], {
    cwd: place.path,
    signal,
    env: repository.env(),
  });
  const env = repository.treeEnv(place.indexFile);
  await git.run(['read-tree', '--reset', '-u', commit], { cwd: place.path, signal, env });
  return { ...place, commit, url: upstream.url, repository };
}

async function withModule(parent: GitRepository, path: string, module: GitRepository, url = module.url) {
  const commit = await module.hash();
  return parent.commit({ '.gitmodules': gitmodules([{ path, url }]), [path]: { gitlink: commit } });
}

async function makeRepository(name: string, text = name): Promise<GitRepository> {
  const repository = await createRepository(temp.join('upstream', name));
  await repository.commit({ [`${name}.txt`]: `${text}\n` });
  return repository;
}

describe('submodules', () => {
  it('are checked out with those in them, from relative addresses too, and leave no git data in the tree', async () => {
    const [parent, sub, nested] = [
      await makeRepository('parent'),
      await makeRepository('sub'),
      await makeRepository('nested'),
    ];
    await withModule(sub, 'deep/nested', nested, '../nested');
    await withModule(parent, 'lib/sub', sub);
    const git = realGit();
    const tree = await checkOut(git, parent);
    const modules = await checkOutModules(moduleContext(git), tree, signal);
    expect(await readFile(join(tree.path, 'lib/sub/deep/nested/nested.txt'), 'utf8')).toBe('nested\n');
    expect((await readdir(join(tree.path, 'lib/sub'))).toSorted()).toEqual([
      '.gitmodules',
      'deep',
      'sub.txt',
    ]);
    expect(modules.map(({ name, url, commit }) => ({ name, url, commit }))).toEqual([
      { name: 'lib/sub', url: sub.url, commit: await sub.hash() },
    ]);
    expect(modules[0]?.modules.map(({ name }) => name)).toEqual(['deep/nested']);
  });

  it('come without those in them when that is asked for', async () => {
    const [parent, sub, nested] = [
      await makeRepository('parent'),
      await makeRepository('sub'),
      await makeRepository('nested'),
    ];
    await withModule(sub, 'nested', nested);
    await withModule(parent, 'sub', sub);
    const git = realGit();
    const tree = await checkOut(git, parent);
    await checkOutModules(moduleContext(git, { isRecursive: false }), tree, signal);
    expect(await readdir(join(tree.path, 'sub/nested'))).toEqual([]);
  });

  it('are fetched once for many commits', async () => {
    const [parent, sub] = [await makeRepository('parent'), await makeRepository('sub')];
    await withModule(parent, 'sub', sub);
    const git = realGit();
    const tree = await checkOut(git, parent);
    const context = moduleContext(git);
    await checkOutModules(context, tree, signal);
    await sub.git('update-ref', '-d', `refs/heads/${sub.branch}`);
    const again = await checkOutModules(context, tree, signal);
    expect(again).toHaveLength(1);
  });

  it('that stand at a commit that their server lacks are an error that names it', async () => {
    const [parent, sub] = [await makeRepository('parent'), await makeRepository('sub')];
    await parent.commit({
      '.gitmodules': gitmodules([{ path: 'sub', url: sub.url }]),
      sub: { gitlink: 'e'.repeat(40) },
    });
    const git = realGit();
    const tree = await checkOut(git, parent);
    await expect(checkOutModules(moduleContext(git), tree, signal)).rejects.toMatchObject({
      code: 'submodule_commit_not_found',
    });
  });

  it('that .gitmodules does not describe are an error that names the path', async () => {
    const [parent, sub] = [await makeRepository('parent'), await makeRepository('sub')];
    await parent.commit({ '.gitmodules': '', 'lib/sub': { gitlink: await sub.hash() } });
    const git = realGit();
    const tree = await checkOut(git, parent);
    const failure = checkOutModules(moduleContext(git), tree, signal);
    await expect(failure).rejects.toMatchObject({
      code: 'submodule_without_url',
      message: expect.stringContaining('"lib/sub"'),
    });
  });

  it('cannot run a command or read a configuration that somebody plants on the volume', async () => {
    const [parent, sub] = [await makeRepository('parent'), await makeRepository('sub')];
    await sub.commit({ '.gitattributes': '* filter=evil\n', 'file.txt': 'x\n' });
    await withModule(parent, 'sub', sub);
    const git = realGit();
    const tree = await checkOut(git, parent);
    const marker = temp.join('marker');
    const evil = `[core]\n\tfsmonitor = "touch ${marker}"\n[filter "evil"]\n\tsmudge = touch ${marker}; cat\n\trequired = true\n[submodule "sub"]\n\tupdate = !touch ${marker}\n`;
    await mkdir(temp.join('evil/objects'), { recursive: true });
    await mkdir(temp.join('evil/refs'));
    await writeFile(temp.join('evil/config'), evil);
    await writeFile(temp.join('evil/HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(tree.path, 'sub', '.git'), `gitdir: ${temp.join('evil')}\n`);
    await symlink(temp.join('evil'), join(tree.path, '.git'));
    await writeFile(temp.join('volume/parent/config'), evil);
    await checkOutModules(moduleContext(git), tree, signal);
    expect(await readFile(join(tree.path, 'sub/file.txt'), 'utf8')).toBe('x\n');
    await expect(lstat(marker)).rejects.toThrow('ENOENT');
  });

  it('with a list larger than 1 MiB are refused before git reads it', async () => {
    const parent = await makeRepository('parent');
    await parent.commit({ '.gitmodules': ' '.repeat(1024 * 1024 + 1) });
    const git = realGit();
    const tree = await checkOut(git, parent);
    await expect(checkOutModules(moduleContext(git), tree, signal)).rejects.toMatchObject({
      code: 'submodules_too_many',
    });
  });
});
