import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { hashOf, isThere, makeScene, type Scene } from './scene.ts';

/** Three files, and patterns (not cone ones) that want just the second. */
async function makeSparse(scene: Scene): Promise<string> {
  const file = scene.join('sparseconfig');
  await writeFile(file, '!/*\n!/*/\nfile2\n');
  await scene.repo.commit({ file: 'one\n', file2: 'two\n', 'dir/file3': 'three\n' });
  return `--sparse-checkout-file=${file}`;
}

async function expectOnlyFile2(scene: Scene): Promise<void> {
  expect(await scene.read('file2')).toBe('two');
  expect((await readdir(scene.link)).sort()).toEqual(['.git', 'file2']);
}

async function promisorPacks(scene: Scene): Promise<string[]> {
  const names = await readdir(path.join(scene.root, '.git', 'objects', 'pack'));
  return names.filter((name) => name.endsWith('.promisor'));
}

describe('--sparse-checkout-file', () => {
  it('leaves out what its patterns leave out (sparse_checkout)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([await makeSparse(scene)]);
    await expectOnlyFile2(scene);
  });

  it('works with --filter and depth 1 (filter_with_sparse_checkout)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([await makeSparse(scene), '--filter=blob:none', '--depth=1']);
    await expectOnlyFile2(scene);
    // What was left out was not even fetched.
    const missing = await git(
      scene.root,
      'rev-list',
      '--objects',
      '--missing=print',
      await hashOf(scene.link),
    );
    expect(missing.split('\n').filter((line) => line.startsWith('?'))).toHaveLength(2);
  });

  it('is read again at the next start, and may go', async (test) => {
    const scene = await makeScene(test);
    const flag = await makeSparse(scene);
    await scene.once([flag]);
    await writeFile(scene.join('sparseconfig'), '/*\n!/file2\n');
    await scene.once([flag]);
    expect((await readdir(scene.link)).sort()).toEqual(['.git', 'dir', 'file']);
    await scene.once();
    expect((await readdir(scene.link)).sort()).toEqual(['.git', 'dir', 'file', 'file2']);
  });
});

describe('--filter', () => {
  it('makes a partial clone of the whole history (filter_partial_clone_blob_none)', async (test) => {
    const scene = await makeScene(test);
    await scene.commit('1');
    await scene.commit('2');
    await scene.once(['--filter=blob:none', '--depth=0']);
    expect(await scene.read()).toBe('2');
    expect(await promisorPacks(scene)).not.toEqual([]);
  });

  it('holds across updates (filter_across_updates)', async (test) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100ms', '--filter=blob:none', '--depth=0']);
    for (const [text, step] of [
      ['1', async () => {}],
      ['2', async () => scene.commit('2')],
      ['1', async () => scene.moveBack()],
    ] as const) {
      await step();
      await sync.synced();
      expect(await scene.read()).toBe(text);
      expect(await promisorPacks(scene)).not.toEqual([]);
    }
    expect(await sync.counts()).toEqual({ syncs: 3, fetches: 3 });
    expect(await isThere(path.join(scene.root, '.git', 'shallow'))).toBe(false);
  });
});
