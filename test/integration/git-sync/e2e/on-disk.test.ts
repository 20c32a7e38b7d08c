import { chmod, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { hashOf, makeScene } from './scene.ts';

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

describe('a root', () => {
  it('is a repository with the branch git-sync, the remote origin, and one tree per commit', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    const hash = await scene.repo.hash();
    expect(await readlink(scene.link)).toBe(`.worktrees/${hash}`);
    expect(await git(scene.root, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('git-sync');
    expect(await git(scene.root, 'rev-parse', 'git-sync')).toBe(hash);
    expect(await git(scene.root, 'remote', 'get-url', 'origin')).toBe(scene.repo.url);
    expect(await git(scene.root, 'worktree', 'list', '--porcelain')).toContain(
      `worktree ${scene.root}/.worktrees/${hash}\nHEAD ${hash}\ndetached`,
    );
    expect(await git(scene.root, 'fsck', '--no-dangling')).toBe('');
    expect(await readFile(path.join(scene.link, '.git'), 'utf8')).toBe(
      `gitdir: ../../.git/worktrees/${hash}\n`,
    );
    expect(await git(scene.link, 'status', '--porcelain')).toBe('');
  });

  it('can be used at another path, and synced there', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once();
    const root = scene.join('elsewhere');
    await rename(scene.root, root);
    const link = path.join(root, 'link');
    expect(await git(link, 'rev-parse', 'HEAD')).toBe(await scene.repo.hash());
    expect(await git(link, 'status', '--porcelain')).toBe('');
    await scene.once([`--root=${root}`]);
    expect(await git(root, 'worktree', 'list')).toContain(path.join(root, '.worktrees'));
    await scene.commit('2');
    await scene.once([`--root=${root}`]);
    expect(await scene.read(path.join(link, 'file'))).toBe('2');
    expect(await readdir(path.join(root, '.worktrees'))).toEqual([await scene.repo.hash()]);
  });

  const MODES = [
    ['--group-write', '664', '775'],
    ['--group-write=false', '644', '755'],
  ];
  it.for(MODES)(
    'has with %s files of mode %s and directories of mode %s',
    async ([flag, file, directory], test) => {
      const scene = await makeScene(test);
      await scene.repo.commit({ 'dir/file': 'x\n', 'dir/program': { executable: 'x\n' } });
      const root = scene.join('made');
      await scene.once([`${flag}`, `--root=${root}`, '--touch-file=sub/touch']);
      const link = path.join(root, 'link');
      expect(await modeOf(path.join(link, 'dir', 'file'))).toBe(file);
      expect(await modeOf(path.join(link, 'dir', 'program'))).toBe(directory);
      for (const each of [
        root,
        `${link}/`,
        `${link}/dir`,
        `${root}/.git`,
        `${root}/.git/refs`,
        `${root}/sub`,
      ]) {
        expect(await modeOf(each), each).toBe(directory);
      }
      const config = await modeOf(path.join(root, '.git', 'config'));
      expect(config).toBe(file);
      expect(await modeOf(path.join(link, '.git'))).toBe(file);
    },
  );
});

describe('files that somebody edits or deletes in the published tree', () => {
  it('stay so while it runs, and are as committed after a restart', async (test) => {
    const scene = await makeScene(test);
    await scene.repo.commit({ file: 'committed\n', other: 'committed\n' });
    const sync = await scene.start(['--period=50ms']);
    await sync.synced();
    await writeFile(path.join(scene.link, 'file'), 'edited\n');
    await rm(path.join(scene.link, 'other'));
    await sync.passes();
    expect(await scene.read()).toBe('edited');
    await sync.stop();
    await scene.once();
    expect([await scene.read(), await scene.read('other')]).toEqual(['committed', 'committed']);
    expect(await hashOf(scene.link)).toBe(await scene.repo.hash());
  });

  it('are back when all of them are gone, which counts as a change', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=50ms']);
    await sync.synced();
    await sync.paused(async () => {
      for (const name of await readdir(scene.link)) {
        await rm(path.join(scene.link, name), { recursive: true });
      }
    });
    await sync.synced();
    expect(await scene.read()).toBe('first');
    expect(sync.stderr()).toContain('"msg":"worktree is empty"');
    expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
  });

  it('do not keep a read-only tree from being replaced', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once();
    await chmod(`${scene.link}/`, 0o555);
    await scene.commit('2');
    await scene.once();
    expect(await scene.read()).toBe('2');
    expect(await readdir(path.join(scene.root, '.worktrees'))).toEqual([await scene.repo.hash()]);
  });
});
