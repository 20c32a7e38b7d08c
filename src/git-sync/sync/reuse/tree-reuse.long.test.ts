import { readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import { expectWhole, MINUTE, makeReusing, publishThird } from '../testing/reusing.ts';

describe('a stale tree', () => {
  it('becomes the next one', async () => {
    const scene = await makeReusing();
    const { root, inodeOf, isReused, spare, trees } = scene;
    const top = await inodeOf(spare);
    const same = await inodeOf(join(spare, 'same/one'));
    await publishThird(scene);
    expect(isReused()).toBe(true);
    expect(await inodeOf(trees.at(-1) ?? '')).toBe(top);
    expect(await inodeOf(join(root, 'link/same/one'))).toBe(same);
    expect((await stat(join(root, 'link/'))).mode & 0o777).toBe(0o755);
    const names = trees.slice(1).map((path) => basename(path));
    expect((await readdir(join(root, '.worktrees'))).toSorted()).toEqual(names.toSorted());
    expect(await readdir(join(root, '.git/worktrees'))).toHaveLength(2);
  });

  it('becomes the next one again and again, and git keeps no more than with new trees', async () => {
    const { root, clock, publish, isReused, sync } = await makeReusing();
    for (let count = 0; count < 4; count += 1) {
      await clock.advance(MINUTE);
      await expectWhole(root, await publish());
    }
    expect(isReused()).toBe(true);
    expect(sync.lines.filter((line) => line.includes('reusing a stale worktree'))).toHaveLength(4);
    const packs = await readdir(join(root, '.git/objects/pack'));
    expect(packs.filter((name) => name.endsWith('.pack'))).toHaveLength(1);
    expect(await readdir(join(root, '.worktrees'))).toHaveLength(2);
  });

  it('becomes the tree of its own commit again when that comes back', async () => {
    const { root, repo, clock, sync, inodeOf, isReused, spare } = await makeReusing();
    const top = await inodeOf(spare);
    await clock.advance(MINUTE);
    await repo.setBranch(repo.branch, basename(spare));
    await sync.pass();
    await expectWhole(root, basename(spare));
    expect(isReused()).toBe(true);
    expect(await inodeOf(spare)).toBe(top);
  });

  it('is left alone while it is younger than a minute, and stays for the next change', async () => {
    const { root, clock, publish, isReused, spare } = await makeReusing();
    await clock.advance(MINUTE / 2);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(false);
    await stat(spare);
    expect(await readdir(join(root, '.worktrees'))).toHaveLength(2);
    await clock.advance(MINUTE / 2);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(true);
  });

  it('is left alone while --stale-worktree-timeout lets it stay', async () => {
    const { root, clock, publish, isReused, spare } = await makeReusing({
      staleWorktreeTimeoutMs: 5 * MINUTE,
    });
    await clock.advance(2 * MINUTE);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(false);
    await stat(spare);
  });

  it('is left alone while a link leads to it', async () => {
    const { root, clock, publish, isReused, spare } = await makeReusing();
    await symlink(`.worktrees/${basename(spare)}`, join(root, 'theirs'));
    await clock.advance(MINUTE);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(false);
    expect(await readFile(join(root, 'theirs/file'), 'utf8')).toBe('version 1\n');
  });

  it.each([
    { was: 'used by somebody', act: (tree: string, root: string) => symlink(tree, join(root, 'theirs')) },
    { was: 'removed by somebody', act: (tree: string) => rm(tree, { recursive: true }) },
  ])('that is $was gives its place to the next', async ({ act }) => {
    const { root, clock, publish, isReused, spare } = await makeReusing();
    await act(spare, root);
    await clock.advance(MINUTE);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(false);
    await clock.advance(MINUTE);
    await expectWhole(root, await publish());
    expect(isReused()).toBe(true);
  });

  it.each([
    { why: 'the attributes of files differ', more: { '.gitattributes': '*.txt eol=crlf\n' } },
    { why: 'attributes below differ', more: { 'same/.gitattributes': 'one eol=crlf\n' } },
  ])('goes when $why, since all files may differ then', async ({ more }) => {
    const { root, clock, publish, isReused } = await makeReusing();
    await clock.advance(MINUTE);
    const hash = await publish(more);
    expect(await readlink(join(root, 'link'))).toBe(`.worktrees/${hash}`);
    expect(await git(join(root, 'link'), 'status', '--porcelain', '--ignored')).toBe('');
    expect(isReused()).toBe(false);
  });

  it('is not kept when a filter is configured, which may make anything of a file', async () => {
    const gitConfig = [{ key: 'filter.x.smudge', value: 'cat' }];
    const { root } = await makeReusing({ gitConfig });
    expect(await readdir(join(root, '.worktrees'))).toHaveLength(1);
  });

  it.each([
    { why: 'by default, when it is small', parts: { reuseWorktrees: 'auto' } as const },
    { why: 'when it is not wanted', parts: { reuseWorktrees: 'off' } as const },
    { why: 'when the group may write to it', parts: { groupWrite: true } },
    { why: 'with changed permissions', parts: { changePermissions: 0o755 } },
    { why: 'in a sync that ends after one pass', parts: { oneTime: true } },
  ])('is not kept $why', async ({ parts }) => {
    const { root } = await makeReusing(parts);
    expect(await readdir(join(root, '.worktrees'))).toHaveLength(1);
  });
});
