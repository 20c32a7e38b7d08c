import { mkdir, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { hashOf, isThere, makeScene, type Scene } from './scene.ts';

const treeOf = (scene: Scene, hash: string) => path.join(scene.root, '.worktrees', hash);

/** Commits a file of its own next to what there is; returns the hash. */
async function addFile(scene: Scene, name: string): Promise<string> {
  return scene.repo.commit({ [name]: `${name}\n` });
}

describe('the published tree', () => {
  it('wins over a foreign worktree at its place, and junk next to it goes (worktree_cleanup)', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100ms']);
    await sync.synced();
    expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
    const trees = path.join(scene.root, '.worktrees');
    await sync.paused(async () => {
      const hash = await addFile(scene, 'file2');
      const place = treeOf(scene, hash);
      await scene.repo.git('worktree', 'add', '--quiet', '-b', 'e2e', '--no-checkout', place, hash);
      await mkdir(path.join(trees, 'not_a_hash', 'subdir'), { recursive: true });
      await writeFile(path.join(trees, 'not_a_directory'), '');
    });
    await sync.synced();
    expect(await scene.read('file2')).toBe('file2');
    expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
    for (const junk of ['not_a_hash', 'not_a_directory']) {
      await waitFor(async () => !(await isThere(path.join(trees, junk))), { what: `${junk} to go` });
    }
  });

  it('comes back when it was deleted, and counts as a change (worktree_unexpected_removal)', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100ms']);
    await sync.synced();
    expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
    await sync.paused(async () => rm(treeOf(scene, await scene.repo.hash()), { recursive: true }));
    await sync.synced();
    expect(await scene.read()).toBe('first');
    expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
  });

  it('is made again when somebody committed in it (sync_recover_wrong_worktree_hash)', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100ms']);
    await sync.synced();
    await sync.paused(async () => {
      await writeFile(path.join(scene.link, 'file'), 'unexpected\n');
      await git(scene.link, 'commit', '--quiet', '--all', '--message', 'corrupt it');
    });
    await sync.synced();
    expect(await scene.read()).toBe('first');
    expect(await git(scene.link, 'rev-parse', 'HEAD')).toBe(await scene.repo.hash());
    expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
  });

  it('is published again when its link was deleted (sync_crash_no_link_cleanup_retry)', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    await unlink(scene.link);
    await scene.once();
    expect(await scene.read()).toBe('first');
  });

  it('is made again when all trees were deleted (sync_crash_no_worktree_cleanup_retry)', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    await rm(path.join(scene.root, '.worktrees'), { recursive: true });
    await scene.once();
    expect(await scene.read()).toBe('first');
  });
});

/** Makes a tree look as if it had been replaced two hours ago. */
async function age(tree: string): Promise<void> {
  const then = Date.now() / 1000 - 7200;
  await utimes(tree, then, then);
}

describe('a tree that is no longer published', () => {
  const stale = ['--stale-worktree-timeout=1h'];
  const areThere = async (scene: Scene, ...hashes: readonly string[]) =>
    Promise.all(hashes.map(async (hash) => isThere(path.join(treeOf(scene, hash), 'file'))));

  it('stays for --stale-worktree-timeout after the switch (stale_worktree_timeout)', async (test) => {
    const scene = await makeScene(test);
    const first = await scene.repo.hash();
    const sync = await scene.start(['--period=100ms', ...stale]);
    await sync.synced();
    // Its age counts from the switch, not from when it was made.
    await age(treeOf(scene, first));
    const second = await addFile(scene, 'file2');
    await sync.synced();
    const third = await addFile(scene, 'file3');
    await sync.synced();
    await sync.passes();
    expect(await areThere(scene, first, second, third)).toEqual([true, true, true]);
    expect(await isThere(path.join(treeOf(scene, first), 'file2'))).toBe(false);
    for (const [tree, left] of [
      [first, [false, true, true]],
      [second, [false, false, true]],
    ] as const) {
      await age(treeOf(scene, tree));
      await waitFor(async () => !(await isThere(treeOf(scene, tree))), { what: 'the tree to go' });
      expect(await areThere(scene, first, second, third)).toEqual(left);
    }
    expect([await scene.read('file2'), await scene.read('file3')]).toEqual(['file2', 'file3']);
  });

  it('stays so long across restarts (stale_worktree_timeout_restart)', async (test) => {
    const scene = await makeScene(test);
    const first = await scene.repo.hash();
    await scene.once();
    await age(treeOf(scene, first));
    const second = await addFile(scene, 'file2');
    await scene.once(stale);
    expect(await areThere(scene, first, second)).toEqual([true, true]);
    const third = await addFile(scene, 'file3');
    await scene.once(stale);
    expect(await areThere(scene, first, second, third)).toEqual([true, true, true]);
    await age(treeOf(scene, first));
    await scene.once(stale);
    expect(await areThere(scene, first, second, third)).toEqual([false, true, true]);
    await age(treeOf(scene, second));
    await scene.once(stale);
    expect(await areThere(scene, first, second, third)).toEqual([false, false, true]);
    expect(await scene.read('file3')).toBe('file3');
  });

  it('goes when that time has passed, without another change', async (test) => {
    const scene = await makeScene(test);
    const first = await scene.repo.hash();
    const sync = await scene.start(['--period=100ms', '--stale-worktree-timeout=1s']);
    await sync.synced();
    const before = performance.now();
    await addFile(scene, 'file2');
    await waitFor(async () => !(await isThere(treeOf(scene, first))), { what: 'the first tree to go' });
    expect(performance.now() - before).toBeGreaterThan(990);
    expect(await scene.read('file2')).toBe('file2');
  });
});

describe('a root of git-sync v3', () => {
  /** What the suite does to look like v3: the tree directly in the root, the link to it. */
  async function makeLikeV3(scene: Scene): Promise<string> {
    const hash = await hashOf(scene.link);
    await rename(treeOf(scene, hash), path.join(scene.root, hash));
    await unlink(scene.link);
    await symlink(hash, scene.link);
    return hash;
  }

  it('is taken over in place, and its tree goes (v3_v4_upgrade_in_place)', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once();
    const hash = await makeLikeV3(scene);
    await addFile(scene, 'file2');
    await scene.once();
    expect([await scene.read(), await scene.read('file2')]).toEqual(['1', 'file2']);
    expect(await isThere(path.join(scene.root, hash))).toBe(false);
  });

  it('is taken over also when the commit is the same', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once();
    const hash = await makeLikeV3(scene);
    await scene.once();
    expect(await scene.read()).toBe('1');
    expect(await hashOf(scene.link)).toBe(hash);
    expect(await git(scene.link, 'status', '--porcelain')).toBe('');
    expect(await isThere(path.join(scene.root, hash))).toBe(false);
  });
});
