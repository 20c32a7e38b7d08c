/** From a root that git-sync v3 made to v4 and back, with the published data there at every moment. */
import { mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../support/git.ts';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import { runPillion, startPillion } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { startReader } from '../safety/support.ts';
import { commitVersion } from '../safety/tree.ts';
import { mustRunV3, startV3, visibleIn, waitForEntries, waitForLink } from './support.ts';

const dir = useTempDir();

/** The git commands of v3 (3.1 with the prefix `rev-`, 3.3 and later without), and its link. */
async function syncAsOriginalV3(root: string, repository: GitRepository, prefix: string): Promise<string> {
  const { branch } = repository;
  await git(dir.path, 'clone', '--quiet', '--no-checkout', '-b', branch, repository.url, root);
  const hash = await git(root, 'rev-parse', 'HEAD');
  await git(root, 'fetch', '--quiet', '-f', '--tags', 'origin', branch);
  const tree = path.join(root, prefix + hash);
  await git(root, 'worktree', 'add', '--quiet', tree, `origin/${branch}`, '--no-checkout');
  await writeFile(path.join(tree, '.git'), `gitdir: ../.git/worktrees/${prefix}${hash}\n`);
  await git(tree, 'reset', '--quiet', '--hard', hash);
  await symlink(prefix + hash, path.join(root, 'link'));
  return hash;
}

/** What v3 does at each poll, and what it does next when the branch has moved. */
async function pollAsOriginalV3(root: string, branch: string) {
  const target = path.join(root, 'link');
  const local = await git(target, 'rev-parse', 'HEAD');
  const remote =
    (await git(target, 'ls-remote', '-q', 'origin', `refs/heads/${branch}`)).split('\t')[0] ?? '';
  await git(root, 'fetch', '--quiet', '-f', '--tags', 'origin', branch);
  const tree = path.join(root, `rev-${remote}`);
  await git(root, 'worktree', 'add', '--quiet', '--force', tree, `origin/${branch}`, '--no-checkout');
  await git(tree, 'reset', '--quiet', '--hard', remote);
  return { local, remote, head: await git(tree, 'rev-parse', 'HEAD') };
}

async function setting(prefix = 'rev-') {
  const repository = await createRepository(dir.join('repo'), { branch: 'master' });
  await commitVersion(repository, 1);
  const root = dir.join('root');
  const first = await syncAsOriginalV3(root, repository, prefix);
  const v3 = [`-repo=${repository.url}`, `-root=${root}`, '-dest=link'];
  const v4 = ['git-sync', `--repo=${repository.url}`, `--root=${root}`, '--link=link', '--ref=master'];
  return { repository, root, first, v3, v4 };
}

const mustRunV4 = async (args: readonly string[]) => {
  const result = await runPillion([...args, '--one-time']);
  expect(result.code, result.stderr).toBe(0);
};

describe('a root of the original v3', () => {
  it.each(['rev-', ''])(
    'is taken over by v3 with its data readable all along (trees named %j)',
    async (prefix) => {
      const { repository, root, first, v3 } = await setting(prefix);
      const reader = await startReader(`${root}/link`);
      await mustRunV3([...v3, '-one-time']);
      expect(await readlink(`${root}/link`)).toBe(`rev-${first}`);
      const second = await commitVersion(repository, 2);
      await mustRunV3([...v3, '-one-time']);
      const report = await reader.finish();
      expect(report.versions).toContain('1');
      expect(await visibleIn(root)).toEqual(['.git', 'link', `rev-${second}`]);
    },
  );

  it('is left as it is by v3 when nothing has changed', async () => {
    const { root, first, v3 } = await setting();
    const result = await mustRunV3([...v3, '-one-time']);
    expect(result.stderr).not.toContain('adding worktree');
    expect(await visibleIn(root)).toEqual(['.git', 'link', `rev-${first}`]);
    expect(await git(`${root}/link`, 'status', '--porcelain')).toBe('');
  });

  it.each(['rev-', ''])(
    'is taken over by v4, which removes the old tree (trees named %j)',
    async (prefix) => {
      const { repository, root, first, v4 } = await setting(prefix);
      const reader = await startReader(`${root}/link`);
      await mustRunV4(v4);
      expect(await readlink(`${root}/link`)).toBe(`.worktrees/${first}`);
      expect(await visibleIn(root)).toEqual(['.git', '.worktrees', 'link']);
      const second = await commitVersion(repository, 2);
      await mustRunV4(v4);
      expect((await reader.finish()).versions).toContain('1');
      expect(await readdir(`${root}/.worktrees`)).toEqual([second]);
      expect(await git(`${root}/link`, 'status', '--porcelain')).toBe('');
      expect(await git(root, 'fsck', '--connectivity-only')).toBe('');
    },
  );
});

describe('from v3 to v4 and back', () => {
  it('the data can be read at every moment, while each generation follows the branch', async () => {
    const { repository, root, v3, v4 } = await setting();
    const reader = await startReader(`${root}/link`);
    for (const [round, generation] of ['v3', 'v4', 'v3', 'v4'].entries()) {
      const running =
        generation === 'v3'
          ? await startV3([...v3, '-wait=0.05'])
          : await startPillion([...v4, '--period=50ms']);
      onTestFinished(async () => {
        await running.stop();
      });
      const hash = await commitVersion(repository, round + 2);
      await waitForLink(`${root}/link`, generation === 'v3' ? `rev-${hash}` : `.worktrees/${hash}`);
      await running.stop();
    }
    const report = await reader.finish();
    expect(report.versions.length).toBeGreaterThanOrEqual(4);
  });

  it('v3 removes the trees of v4, and keeps what is not a tree', async () => {
    const { repository, root, v3, v4 } = await setting();
    await mustRunV4(v4);
    await mkdir(`${root}/backups`);
    await startV3([...v3, '-wait=0.05']);
    const second = await commitVersion(repository, 2);
    await waitForLink(`${root}/link`, `rev-${second}`);
    await waitForEntries(root, ['.git', '.worktrees', 'backups', 'link', `rev-${second}`]);
    await waitForEntries(`${root}/.worktrees`, []);
  });

  it.each(['v3', 'v4'])('the original v3 can go on where %s has been', async (generation) => {
    const { repository, root, v3, v4 } = await setting();
    const second = await commitVersion(repository, 2);
    await (generation === 'v3' ? mustRunV3([...v3, '-one-time']) : mustRunV4(v4));
    const third = await commitVersion(repository, 3);
    expect(await pollAsOriginalV3(root, 'master')).toEqual({ local: second, remote: third, head: third });
  });
});
