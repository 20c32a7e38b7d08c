import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createRepository } from '../../../support/git-repository.ts';
import { hashOf, isThere, makeScene, type OwningTest, type Scene, type Sync } from './scene.ts';

interface Source {
  /** Publishes a new commit on what is followed. */
  forward(text: string): Promise<unknown>;
  back(): Promise<unknown>;
}

/** Forward and back, as the suite does it for every kind of ref, with the metrics of each step. */
async function expectToFollow(sync: Sync, read: () => Promise<string>, source: Source): Promise<void> {
  await sync.synced();
  expect(await read()).toBe('1');
  expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
  await source.forward('2');
  await sync.synced();
  expect(await read()).toBe('2');
  expect(await sync.counts()).toEqual({ syncs: 2, fetches: 2 });
  await source.back();
  await sync.synced();
  expect(await read()).toBe('1');
  expect(await sync.counts()).toEqual({ syncs: 3, fetches: 3 });
}

const onHead = (scene: Scene): Source => ({
  forward: async (text) => scene.commit(text),
  back: async () => scene.moveBack(),
});

describe('a branch', () => {
  it('that HEAD of the remote names is followed without --ref, forward and backward (sync_default_ref)', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.repo.setBranch('weird-name');
    await scene.repo.setDefaultBranch('weird-name');
    const sync = await scene.start(['--period=100ms']);
    await expectToFollow(sync, scene.read, {
      forward: async (text) => scene.repo.commit({ file: text }, text, { branch: 'weird-name' }),
      back: async () => scene.repo.setBranch('weird-name', 'weird-name^'),
    });
  });

  it('is followed by --ref=HEAD (sync_head)', async (test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100ms', '--ref=HEAD']);
    await expectToFollow(sync, scene.read, onHead(scene));
  });

  it('is published under an absolute link outside of the root (sync_head_absolute_link)', async (test) => {
    const scene = await makeScene(test, '1');
    const root = path.join(scene.root, 'root');
    const link = path.join(scene.root, 'other', 'dir', 'link');
    const sync = await scene.start(['--period=100ms', '--ref=HEAD', `--root=${root}`, `--link=${link}`]);
    await expectToFollow(sync, async () => scene.read(`${link}/file`), onHead(scene));
    expect(await isThere(path.join(root, 'link'))).toBe(false);
  });

  it('is published under a link in a sub-directory (sync_head_subdir_link)', async (test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100ms', '--ref=HEAD', '--link=other/dir/link']);
    await expectToFollow(sync, async () => scene.read(`${scene.root}/other/dir/link/file`), onHead(scene));
    expect(await isThere(scene.link)).toBe(false);
  });

  it('that is named is followed while HEAD stays (sync_branch)', async (test) => {
    const scene = await makeScene(test, 'main');
    await scene.repo.commit({ file: '1' }, '1', { branch: 'other-branch', parent: await scene.repo.hash() });
    const sync = await scene.start(['--period=100ms', '--ref=other-branch']);
    await expectToFollow(sync, scene.read, {
      forward: async (text) => scene.repo.commit({ file: text }, text, { branch: 'other-branch' }),
      back: async () => scene.repo.setBranch('other-branch', 'other-branch^'),
    });
  });

  it('leads to a link whose target is named for the commit (readlink)', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['--period=100ms']);
    const steps = [async () => {}, async () => scene.commit('2'), async () => scene.moveBack()];
    for (const step of steps) {
      await step();
      await sync.synced();
      expect(await hashOf(scene.link)).toBe(await scene.repo.hash());
    }
  });

  it('can be another one at the next start, also after a shallow sync (sync_branch_switch)', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once([`--ref=${scene.repo.branch}`, '--depth=1']);
    expect(await scene.read()).toBe('1');
    await scene.repo.commit({ file: '2' }, '2', { branch: 'second', parent: await scene.repo.hash() });
    await scene.once(['--ref=second']);
    expect(await scene.read()).toBe('2');
  });
});

describe('a tag', () => {
  const setTag = async (scene: Scene) => scene.repo.setTag('e2e-tag');
  const setAnnotatedTag = async (scene: Scene) => scene.repo.setAnnotatedTag('e2e-tag').then(() => {});
  const expectTagFollowed = async (test: OwningTest, tag: (scene: Scene) => Promise<void>) => {
    const scene = await makeScene(test, '1');
    await tag(scene);
    const sync = await scene.start(['--period=100ms', '--ref=e2e-tag']);
    await expectToFollow(sync, scene.read, {
      forward: async (text) => scene.commit(text).then(async () => tag(scene)),
      back: async () => scene.moveBack().then(async () => tag(scene)),
    });
    await scene.commit('3');
    await sync.passes();
    expect(await scene.read()).toBe('1');
    expect(await isThere(path.join(scene.root, '_sync_lock'))).toBe(false);
    expect(await sync.counts()).toEqual({ syncs: 3, fetches: 3 });
  };

  it('is followed where it moves, commits after it are not (sync_tag)', async (test) => {
    await expectTagFollowed(test, setTag);
  });

  it('that is annotated is followed where it moves, commits after it are not (sync_annotated_tag)', async (test) => {
    await expectTagFollowed(test, setAnnotatedTag);
  });
});

describe('a commit', () => {
  it('that is named by its hash stays, whatever happens to its branch (sync_sha)', async (test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100ms', `--ref=${await scene.repo.hash()}`]);
    await sync.synced();
    await sync.waitForLog('"msg":"ref appears to be a git hash, no further sync needed"');
    const lines = sync.lines().length;
    for (const step of [async () => scene.commit('2'), async () => scene.moveBack()]) {
      await step();
      // Three periods: nothing wakes it, so there is nothing to wait for.
      await delay(300);
      expect(await scene.read()).toBe('1');
      expect(await isThere(path.join(scene.root, '_sync_lock'))).toBe(false);
      expect(await sync.counts()).toEqual({ syncs: 1, fetches: 1 });
    }
    expect(sync.lines().slice(lines)).toEqual([]);
  });

  it('can be synced once (sync_sha_once)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([`--ref=${await scene.repo.hash()}`]);
    expect(await scene.read()).toBe('first');
  });

  it('can be replaced by another one that came with it (sync_sha_once_sync_different_sha_known)', async (test) => {
    const scene = await makeScene(test);
    const [first, second] = [await scene.commit('1'), await scene.commit('2')];
    await scene.commit('3');
    await scene.once([`--ref=${first}`]);
    expect(await scene.read()).toBe('1');
    await scene.once([`--ref=${second}`]);
    expect(await scene.read()).toBe('2');
  });

  it('that no ref points to can be fetched later (sync_sha_once_sync_different_sha_unknown)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([`--ref=${await scene.commit('1')}`]);
    expect(await scene.read()).toBe('1');
    const second = await scene.commit('2');
    await scene.commit('3');
    await scene.once([`--ref=${second}`]);
    expect(await scene.read()).toBe('2');
  });

  it('is synced next to a file in the root that has its name (sync_sha_shafile_exists)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([`--ref=${await scene.commit('1')}`]);
    const second = await scene.commit('2');
    await writeFile(path.join(scene.root, second), '');
    await scene.once([`--ref=${second}`]);
    expect(await scene.read()).toBe('2');
  });

  it('of another repository is synced into the same root (sync_repo_switch)', async (test) => {
    const scene = await makeScene(test, '1');
    await scene.once();
    const other = await createRepository(scene.join('other'));
    await other.commit({ file: '2' });
    await scene.once([`--repo=${other.url}`]);
    expect(await scene.read()).toBe('2');
    await scene.once();
    expect(await scene.read()).toBe('1');
  });
});
