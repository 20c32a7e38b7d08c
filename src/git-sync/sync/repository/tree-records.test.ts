import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { forgetLostTrees } from './tree-records.ts';

const dir = useTempDir();
const [A, B] = ['a', 'b'].map((digit) => digit.repeat(40)) as [string, string];

async function writeRecord(name: string, treePath: string): Promise<string> {
  const record = dir.join('.git/worktrees', name);
  await mkdir(record, { recursive: true });
  await writeFile(join(record, 'gitdir'), `${treePath}/.git\n`);
  return record;
}

async function writeTree(path: string, gitDir: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, '.git'), `gitdir: ${gitDir}\n`);
}

const forget = () =>
  withForeignRoot(dir.join('.git'), (gitDirectory) => forgetLostTrees(dir.path, gitDirectory));

const left = async () => (await readdir(dir.join('.git/worktrees'))).sort();

it('trees of both generations that are gone are forgotten, and so is what was never finished', async () => {
  await writeRecord(A, dir.join('.worktrees', A));
  await writeRecord(`${A}-rebuild`, dir.join('.worktrees/.rebuild', A));
  await writeRecord(`rev-${B}`, dir.join(`rev-${B}`));
  await mkdir(dir.join('.git/worktrees/half-made'));
  await forget();
  expect(await left()).toEqual([]);
});

it('a tree whose record was written where the volume was mounted elsewhere is not forgotten', async () => {
  await writeRecord(A, `/other/mount/.worktrees/${A}`);
  await writeTree(dir.join('.worktrees', A), `../../.git/worktrees/${A}`);
  await writeRecord(B, `/other/mount/rev-${B}`);
  await writeTree(dir.join(`rev-${B}`), `/other/mount/.git/worktrees/${B}`);
  await writeRecord(`${A}-rebuild`, `/other/mount/.worktrees/.rebuild/${A}`);
  await writeTree(dir.join('.worktrees/.rebuild', A), `../../../.git/worktrees/${A}-rebuild`);
  await forget();
  expect(await left()).toEqual([A, `${A}-rebuild`, B]);
});

it("somebody's own trees are not forgotten, whether they can be seen from here or not", async () => {
  await writeRecord('feature', '/home/somebody/feature');
  const record = await writeRecord(A, dir.join('.worktrees', A));
  await writeFile(join(record, 'locked'), 'on a stick');
  await writeRecord(B, dir.join('elsewhere/.worktrees', B));
  await writeTree(dir.join('elsewhere/.worktrees', B), dir.join('.git/worktrees', B));
  await forget();
  expect(await left()).toEqual([A, B, 'feature']);
});

it('nothing is done where there are no records, or where a link leads to those of another repository', async () => {
  await mkdir(dir.join('.git'));
  await forget();
  expect(await readdir(dir.join('.git'))).toEqual([]);
  await mkdir(dir.join('theirs/worktrees/gone'), { recursive: true });
  await symlink(dir.join('theirs/worktrees'), dir.join('.git/worktrees'));
  await forget();
  expect(await readdir(dir.join('theirs/worktrees'))).toEqual(['gone']);
});
