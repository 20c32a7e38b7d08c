import { spawnSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { setForeignConfigAside } from './foreign-config.ts';

const dir = useTempDir();
const PLAIN = '[core]\n\tbare = false\n';
const EVIL = `${PLAIN}[filter "evil"]\n\tsmudge = evil\n`;

const read = (name: string) => readFile(dir.join('.git', name), 'utf8');

async function clean(): Promise<readonly string[]> {
  const { log, lines } = createRecordedLog();
  await withForeignRoot(dir.join('.git'), (gitDirectory) => setForeignConfigAside(gitDirectory, log));
  return lines;
}

it('what is not git-sync’s goes from the configuration, is kept aside and logged', async () => {
  await mkdir(dir.join('.git'));
  for (const file of ['config', 'config.worktree']) {
    await writeFile(dir.join('.git', file), EVIL);
  }
  await chmod(dir.join('.git/config'), 0o664);
  expect(await clean()).toHaveLength(2);
  for (const file of ['config', 'config.worktree']) {
    expect(await read(file), file).not.toContain('evil');
    expect(await read(`${file}.set-aside`), file).toBe(EVIL);
  }
  expect((await lstat(dir.join('.git/config'))).mode & 0o777).toBe(0o664);
});

it('directories in their places are no obstacle, however often', async () => {
  for (let round = 0; round < 3; round += 1) {
    await mkdir(dir.join('.git/config/x'), { recursive: true });
    await mkdir(dir.join('.git/config.set-aside/x'), { recursive: true });
    await mkdir(dir.join('.git/config.worktree'), { recursive: true });
    await clean();
    expect([await read('config'), await read('config.worktree')]).toEqual(['', '']);
    await writeFile(dir.join('.git/config'), EVIL);
    await clean();
    expect(await read('config.set-aside')).toBe(EVIL);
    await rm(dir.join('.git/config'));
    await rm(dir.join('.git/config.set-aside'));
    await rm(dir.join('.git/config.worktree'));
  }
});

it('nothing is written where nothing is foreign, and nothing at all without a configuration', async () => {
  await mkdir(dir.join('.git'));
  expect(await clean()).toEqual([]);
  expect(await readdir(dir.join('.git'))).toEqual([]);
  await writeFile(dir.join('.git/config'), PLAIN);
  expect(await clean()).toEqual([]);
  expect(await readdir(dir.join('.git'))).toEqual(['config']);
});

it('links and FIFOs in its place are set aside themselves: neither followed nor waited for', async () => {
  await mkdir(dir.join('.git'));
  await writeFile(dir.join('theirs'), EVIL);
  await symlink('../theirs', dir.join('.git/config'));
  spawnSync('mkfifo', [dir.join('.git/config.worktree')]);
  expect(await clean()).toHaveLength(2);
  expect(await readFile(dir.join('theirs'), 'utf8')).toBe(EVIL);
  expect((await lstat(dir.join('.git/config.set-aside'))).isSymbolicLink()).toBe(true);
  expect([await read('config'), await read('config.worktree')]).toEqual(['', '']);
});
