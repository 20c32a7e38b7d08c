/** Syncs that let a stale tree become the next one. */
import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import type { Content } from '../../../../test/support/git-repository.ts';
import { createFakeClock } from '../../../core/testing/fake-clock.ts';
import type { SyncSpec } from '../spec.ts';
import { makeSyncScene } from './scene.ts';

export const MINUTE = 60_000;

const files = (version: number) => ({
  file: `version ${version}\n`,
  'same/one': 'one\n',
  'same/two': 'two\n',
  'deep/er/and/deeper': 'deeper\n',
  '.gitignore': '*.ignored\n',
  [`only/in-${version}`]: `${version}\n`,
});

/** A sync that has published two commits: the tree of the first waits to become that of the third. */
export async function makeReusing(parts: Partial<SyncSpec> = {}) {
  const scene = await makeSyncScene();
  const clock = createFakeClock(Date.now());
  const sync = await scene.start({ reuseWorktrees: 'on', ...parts }, { clock });
  const trees: string[] = [];
  let version = 0;
  const publish = async (more: Record<string, Content> = {}) => {
    version += 1;
    const gone = `only/in-${version - 1}`;
    const content: Record<string, Content> = { ...files(version), ...more };
    if (version > 1) {
      content[gone] = null;
    }
    const hash = await scene.repo.commit(content, `version ${version}`);
    await sync.pass();
    trees.push(join(scene.root, '.worktrees', hash));
    return hash;
  };
  const inodeOf = async (path: string) => (await stat(path)).ino;
  const isReused = () =>
    sync.lines.some((line) => line.includes('reusing a stale worktree')) &&
    !sync.lines.some((line) => line.includes('cannot be reused'));
  await publish();
  await publish();
  return { ...scene, sync, clock, publish, inodeOf, isReused, trees, spare: trees[0] ?? '' };
}

/** What is published is this commit, and nothing else is in the tree. */
export async function expectWhole(root: string, hash: string) {
  const tree = join(root, 'link');
  expect(await readlink(tree)).toBe(`.worktrees/${hash}`);
  expect(await git(tree, 'status', '--porcelain', '--ignored')).toBe('');
  expect(await git(tree, 'rev-parse', 'HEAD')).toBe(hash);
  expect(await git(tree, '-c', 'core.trustctime=false', 'ls-files', '-o', '--directory')).toBe('');
}

export type Reusing = Awaited<ReturnType<typeof makeReusing>>;

/** Publishes a commit when the first tree is old enough; whether it was reused or not. */
export async function publishThird({ clock, publish, root, trees, spare }: Reusing) {
  await clock.advance(MINUTE);
  const hash = await publish();
  await expectWhole(root, hash);
  expect(await readFile(join(trees[1] ?? '', 'same/one'), 'utf8')).toBe('one\n');
  await expect(stat(spare)).rejects.toThrow('ENOENT');
}
