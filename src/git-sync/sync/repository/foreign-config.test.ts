import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { removeForeignConfig } from './foreign-config.ts';

const dir = useTempDir();
const PLAIN = '[core]\n\tbare = false\n';
const EVIL = `${PLAIN}[filter "evil"]\n\tsmudge = evil\n`;
const A = 'a'.repeat(40);

async function put(name: string, text: string): Promise<void> {
  await mkdir(dirname(dir.join(name)), { recursive: true });
  await writeFile(dir.join(name), text);
}

const read = (name: string) => readFile(dir.join(name), 'utf8');

const clean = async () => {
  const { log } = createRecordedLog();
  await removeForeignConfig(dir.path, log);
};

it('what is not git-sync’s goes from the repository, its trees and their submodules, and is kept beside', async () => {
  const files = [
    '.git/config',
    '.git/config.worktree',
    `.git/worktrees/${A}/config.worktree`,
    `.git/worktrees/${A}/modules/deep/name/config`,
    `.git/worktrees/${A}/modules/deep/name/modules/inner/config`,
    '.git/modules/sub/config',
  ];
  for (const file of files) {
    await put(file, EVIL);
  }
  await chmod(dir.join('.git/config'), 0o664);
  await clean();
  for (const file of files) {
    expect(await read(file), file).not.toContain('evil');
    expect(await read(`${file}.set-aside`), file).toBe(EVIL);
  }
  expect((await lstat(dir.join('.git/config'))).mode & 0o777).toBe(0o664);
});

it('nothing is written where nothing is foreign, and nothing at all without a repository', async () => {
  await clean();
  expect(await readdir(dir.path)).toEqual([]);
  await put('.git/config', PLAIN);
  await clean();
  expect(await readdir(dir.join('.git'))).toEqual(['config']);
});

it('a submodule may name its own tree, and no other place', async () => {
  const config = `.git/worktrees/${A}/modules/sub/config`;
  const [own, other] = [`../../../../../.worktrees/${A}/sub`, '../../../../../../outside'];
  await put(config, `[core]\n\tworktree = ${own}\n`);
  await clean();
  expect(await read(config)).toContain(own);
  await put(config, `[core]\n\tworktree = ${other}\n`);
  await clean();
  expect(await read(config)).not.toContain(other);
  await put('.git/config', `[core]\n\tworktree = ../.worktrees/${A}\n`);
  await clean();
  expect(await read('.git/config')).not.toContain('worktree');
});

it('links are not followed: neither copied, nor changed', async () => {
  await put('theirs/config', EVIL);
  await mkdir(dir.join('.git/worktrees'), { recursive: true });
  await symlink('../theirs/config', dir.join('.git/config'));
  await symlink('../../theirs', dir.join('.git/worktrees', A));
  await clean();
  expect(await read('theirs/config')).toBe(EVIL);
  expect(await readdir(dir.join('.git/worktrees'))).toEqual([]);
  expect((await lstat(dir.join('.git/config.set-aside'))).isSymbolicLink()).toBe(true);
});

it('a tree that leads to another repository leads nowhere', async () => {
  await put(`.git/worktrees/${A}/commondir`, '/elsewhere/.git\n');
  await put('.git/worktrees/good/commondir', '../..\n');
  await clean();
  expect(await readdir(dir.join('.git/worktrees', A))).toEqual([]);
  expect(await read('.git/worktrees/good/commondir')).toBe('../..\n');
});
