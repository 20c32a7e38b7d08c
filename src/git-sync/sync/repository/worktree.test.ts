/** Worktrees, filled and compared by real git. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import { fetchFollowed } from '../fetching/fetch.ts';
import type { SyncSpec } from '../spec.ts';
import { makeSyncScene, type RecordedContext } from '../testing/scene.ts';
import { checkTree } from './tree-check.ts';
import { writeBranch, writeTreeView } from './tree-view.ts';
import { buildTree, verifyTree } from './worktree.ts';

const { signal } = new AbortController();

async function setUp() {
  const scene = await makeSyncScene();
  const { root, repo } = scene;
  const hash = await repo.commit({ file: 'one\n', 'dir/other': 'two\n', run: { executable: '#!/bin/sh\n' } });
  const path = join(root, '.worktrees', hash);
  const buildIn = async (context: RecordedContext) => {
    await fetchFollowed(context, undefined, signal);
    await writeTreeView(context, await buildTree(context, path, hash, signal));
    await writeBranch(context, hash);
    return context.kinds;
  };
  const build = (parts: Partial<SyncSpec> = {}) => scene.inRoot(parts, buildIn);
  const isWhole = (parts: Partial<SyncSpec> = {}) =>
    scene.inRoot(parts, async (context) => (await verifyTree(context, path, hash, signal)) !== undefined);
  return { ...scene, hash, path, build, isWhole };
}

describe('a worktree', () => {
  it('has the files of its commit, and git works in it', async () => {
    const { root, path, hash, build } = await setUp();
    const kinds = await build();
    expect(kinds.slice(-2)).toEqual(['adding-worktree', 'resetting-worktree']);
    expect(await checkTree(root, path, hash)).toBe('ok');
    expect((await readdir(path)).toSorted()).toEqual(['.git', 'dir', 'file', 'run']);
    expect((await stat(join(path, 'run'))).mode & 0o111).not.toBe(0);
    expect(await git(path, 'rev-parse', 'HEAD')).toBe(hash);
  });

  it('leads to its repository by a relative path, for a volume that is mounted elsewhere', async () => {
    const { root, path, hash, build, join: at } = await setUp();
    await build();
    expect(await readFile(join(path, '.git'), 'utf8')).toBe(`gitdir: ../../.git/worktrees/${hash}\n`);
    await rename(root, at('moved'));
    expect(await git(at('moved', '.worktrees', hash), 'log', '-1', '--format=%H')).toBe(hash);
  });

  it('lets no other user in before it is whole, so that nobody swaps what git looks at and then writes', async () => {
    const { path, hash, inRoot } = await setUp();
    const modeOf = async (at: string) => ((await stat(at)).mode & 0o777).toString(8);
    const seen: string[] = [];
    await inRoot({}, async (context) => {
      await fetchFollowed(context, undefined, signal);
      const emit: typeof context.emit = async (event) => {
        if (event.kind === 'resetting-worktree') {
          seen.push(await modeOf(path));
        }
      };
      await buildTree({ ...context, emit }, path, hash, signal);
    });
    expect([...seen, await modeOf(path), await modeOf(join(path, 'dir'))]).toEqual(['700', '755', '755']);
  });

  it('replaces what a crash left in its place', async () => {
    const { root, path, hash, build } = await setUp();
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'junk'), '');
    await build();
    expect(await readdir(path)).not.toContain('junk');
    expect(await checkTree(root, path, hash)).toBe('ok');
  });

  it('has what the sparse patterns match', async () => {
    const { path, build, join: at } = await setUp();
    await writeFile(at('sparse'), '!/*\n!/*/\nother\n');
    await build({ sparseCheckoutFile: at('sparse') });
    expect((await readdir(path)).toSorted()).toEqual(['.git', 'dir']);
    expect(await readdir(join(path, 'dir'))).toEqual(['other']);
  });
});

describe('the state of a worktree', () => {
  it('is missing, empty, of another commit, or ok', async () => {
    const { root, path, hash, build } = await setUp();
    expect(await checkTree(root, path, hash)).toBe('missing');
    await mkdir(path, { recursive: true });
    expect(await checkTree(root, path, hash)).toBe('empty');
    await build();
    expect(await checkTree(root, path, hash)).toBe('ok');
    expect(await checkTree(root, path, 'b'.repeat(40))).toBe('wrong-commit');
    await rm(join(path, '.git'));
    expect(await checkTree(root, path, hash)).toBe('wrong-commit');
  });

  it('is missing where a link stands for it, and wrong where its files are FIFOs or without an end', async () => {
    const { root, path, hash, build, join: at } = await setUp();
    await build();
    const record = join(root, '.git/worktrees', hash);
    for (const file of [join(path, '.git'), join(record, 'HEAD')]) {
      const before = await readFile(file);
      await rm(file);
      execFileSync('mkfifo', [file]);
      expect(await checkTree(root, path, hash)).toBe('wrong-commit');
      await rm(file);
      await writeFile(file, '');
      await truncate(file, 2 ** 40);
      expect(await checkTree(root, path, hash)).toBe('wrong-commit');
      await writeFile(file, before);
    }
    expect(await checkTree(root, path, hash)).toBe('ok');
    await rename(path, at('elsewhere'));
    await symlink(at('elsewhere'), path);
    expect(await checkTree(root, path, hash)).toBe('missing');
    await rm(path);
    await rename(join(root, '.worktrees'), at('trees'));
    await symlink(at('trees'), join(root, '.worktrees'));
    await rename(at('elsewhere'), join(at('trees'), hash));
    expect(await checkTree(root, path, hash)).toBe('missing');
  });

  it('is never made, nor cleared, where a link in the place of all trees leads', async () => {
    const { root, hash, build, join: at } = await setUp();
    await mkdir(join(at('outside'), hash), { recursive: true });
    await writeFile(join(at('outside'), hash, 'precious'), '');
    await symlink(at('outside'), join(root, '.worktrees'));
    await expect(build()).rejects.toMatchObject({ code: 'not_a_directory' });
    expect(await readdir(join(at('outside'), hash))).toEqual(['precious']);
  });

  it.each([
    ['nothing', async () => {}, true],
    ['a new file', async (path: string) => writeFile(join(path, 'new'), ''), true],
    ['an edit', async (path: string) => writeFile(join(path, 'file'), 'two\n'), false],
    ['a deletion', async (path: string) => rm(join(path, 'file')), false],
  ])('is whole or not after %s', async (_what, change, whole) => {
    const { path, build, isWhole } = await setUp();
    await build();
    await change(path);
    expect(await isWhole()).toBe(whole);
  });

  it('is not whole for other sparse patterns', async () => {
    const { build, isWhole, join: at } = await setUp();
    await build();
    await writeFile(at('sparse'), '/dir/\n');
    expect(await isWhole({ sparseCheckoutFile: at('sparse') })).toBe(false);
  });

  it('is whole with other modes only where these were asked for', async () => {
    const { path, build, isWhole } = await setUp();
    await build();
    await writeFile(join(path, 'run'), '#!/bin/sh\n');
    await rm(join(path, 'run'));
    await writeFile(join(path, 'run'), '#!/bin/sh\n', { mode: 0o600 });
    expect(await isWhole()).toBe(false);
    expect(await isWhole({ changePermissions: 0o600 })).toBe(true);
  });
});
