/** The error file and the touch file: what watchers of the volume look at. */
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { createErrorFile } from './error-file.ts';
import { touchFile } from './sync/observers/touch-file.ts';

const dir = useTempDir();

const record = (fields = {}) => ({
  logger: '',
  message: 'too many failures, aborting',
  error: "couldn't find remote ref",
  fields,
});

const told: string[] = [];

const errorFile = (path = dir.join('e')) => {
  told.length = 0;
  return createErrorFile({ root: dir.path, path, onFailure: (why) => told.push(why) });
};

describe('the error file', () => {
  it('is one JSON object with Msg, Err and Args, without a newline', async () => {
    const file = errorFile(dir.join('error.json'));
    file.write(record({ failCount: 1 }));
    await file.settled();
    expect(await readFile(dir.join('error.json'), 'utf8')).toBe(
      `{"Msg":"too many failures, aborting","Err":"couldn't find remote ref","Args":{"failCount":1}}`,
    );
  });

  it('has an empty Err for an error line without a cause', async () => {
    const file = errorFile();
    file.write({ ...record(), error: undefined });
    await file.settled();
    expect(JSON.parse(await readFile(dir.join('e'), 'utf8'))).toMatchObject({ Err: '' });
  });

  it('may be read by everybody, whatever the umask, and replaces the one before whole', async () => {
    const before = process.umask(0o077);
    try {
      const file = errorFile();
      file.write(record());
      await file.settled();
      const { ino } = await stat(dir.join('e'));
      file.writeText('plain');
      await file.settled();
      const after = await stat(dir.join('e'));
      expect(after.mode & 0o777).toBe(0o644);
      expect(after.ino).not.toBe(ino);
    } finally {
      process.umask(before);
    }
    expect(await readFile(dir.join('e'), 'utf8')).toBe('plain');
    expect(await readdir(dir.path)).toEqual(['e']);
  });

  it('makes its directory, however deep', async () => {
    const file = errorFile(dir.join('a/b/c/e'));
    file.writeText('x');
    await file.settled();
    expect(await readFile(dir.join('a/b/c/e'), 'utf8')).toBe('x');
  });

  it('is removed once, and removing it again is no failure', async () => {
    const file = errorFile();
    file.writeText('x');
    file.remove();
    file.remove();
    await file.settled();
    expect(told).toEqual([]);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('tells why it cannot be written or removed, and ends nothing', async () => {
    await mkdir(dir.join('e/in-the-way'), { recursive: true });
    const file = errorFile();
    file.write(record());
    file.remove();
    await file.settled();
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(dir.path)).toEqual(['e']);
  });

  it('tells a reason once, however often it stays the same, and again once it could be written', async () => {
    await mkdir(dir.join('e/in-the-way'), { recursive: true });
    const file = errorFile();
    for (let round = 0; round < 3; round += 1) {
      file.remove();
      await file.settled();
    }
    expect(told).toHaveLength(1);
    await rm(dir.join('e'), { recursive: true });
    file.remove();
    await file.settled();
    await mkdir(dir.join('e'));
    file.remove();
    await file.settled();
    expect(told).toHaveLength(2);
  });

  it('without a path is none', async () => {
    const file = errorFile('');
    file.write(record());
    file.writeText('x');
    file.remove();
    await file.settled();
    expect(told).toEqual([]);
  });

  it('never leaves the root through a link that a neighbour has planted, nor waits for a FIFO', async () => {
    await mkdir(dir.join('root'));
    await mkdir(dir.join('outside'));
    await symlink(dir.join('outside'), dir.join('root/way'));
    await symlink(dir.join('outside/e'), dir.join('root/link'));
    execFileSync('mkfifo', [dir.join('root/fifo')]);
    for (const name of ['way/e', 'link', 'fifo']) {
      const path = dir.join(`root/${name}`);
      const file = createErrorFile({ root: dir.join('root'), path, onFailure: (why) => told.push(why) });
      told.length = 0;
      file.writeText('x');
      await file.settled();
      if (name === 'way/e') {
        expect(told).toEqual([expect.stringContaining('is a link or a file where a directory is needed')]);
      } else {
        expect(told).toEqual([]);
        expect(await readFile(path, 'utf8')).toBe('x');
      }
    }
    expect(await readdir(dir.join('outside'))).toEqual([]);
  });

  it.each([
    ['a published link', async () => symlink(`.worktrees/${'a'.repeat(40)}`, dir.join('e'))],
    [
      'a published link to a directory in a tree',
      async () => symlink(`rev-${'a'.repeat(40)}/app`, dir.join('e')),
    ],
    ['a file of somebody', async () => writeFile(dir.join('e'), 'settings: precious\n')],
    ['JSON that is no error', async () => writeFile(dir.join('e'), '{"Msg": 1}')],
    ['a large file', async () => writeFile(dir.join('e'), Buffer.alloc(2 * 1024 * 1024))],
  ])('never takes the place of %s, nor removes it', async (_, make) => {
    await make();
    const before = await lstat(dir.join('e'));
    const file = errorFile();
    file.writeText('x');
    await file.settled();
    file.remove();
    await file.settled();
    expect(told).toHaveLength(2);
    expect(await lstat(dir.join('e'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it.each([
    ['an error', '{"Msg":"error syncing repo, will retry","Err":"","Args":{}}'],
    ['a complaint', 'invalid flag: --period must be at least 10ms'],
    ['a complaint of v3', 'ERROR: --repo must be specified'],
    ['nothing', ''],
  ])('that an earlier process has left with %s goes with the next success', async (_, text) => {
    await writeFile(dir.join('e'), text);
    const file = errorFile();
    file.remove();
    await file.settled();
    expect(told).toEqual([]);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('holds the last of what was wanted while it was written', async () => {
    const file = errorFile();
    for (let round = 0; round < 1000; round += 1) {
      file.writeText(String(round));
    }
    await file.settled();
    expect(await readFile(dir.join('e'), 'utf8')).toBe('999');
    expect(await readdir(dir.path)).toEqual(['e']);
  });
});

describe('the touch file', () => {
  it('is made, with its directories, when it is not there', async () => {
    await touchFile(dir.path, dir.join('a/b/touched'));
    expect((await stat(dir.join('a/b/touched'))).size).toBe(0);
  });

  it('gets the time of now and keeps what is in it', async () => {
    await writeFile(dir.join('touched'), 'mine');
    await utimes(dir.join('touched'), 1, 1);
    const before = Date.now();
    await touchFile(dir.path, dir.join('touched'));
    const status = await stat(dir.join('touched'));
    expect(Math.abs(status.mtimeMs - before)).toBeLessThan(60_000);
    expect(await readFile(dir.join('touched'), 'utf8')).toBe('mine');
  });

  it('fails with the reason when it cannot be made', async () => {
    await writeFile(dir.join('file'), '');
    await expect(touchFile(dir.join('root'), dir.join('file/touched'))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });

  it('is never one outside of the root to which a neighbour leads us', async () => {
    await mkdir(dir.join('root'));
    await mkdir(dir.join('outside'));
    await writeFile(dir.join('outside/old'), 'theirs');
    await utimes(dir.join('outside/old'), 1, 1);
    await symlink(dir.join('outside'), dir.join('root/way'));
    await symlink(dir.join('outside/old'), dir.join('root/link'));
    await symlink(dir.join('outside/new'), dir.join('root/dangling'));
    execFileSync('mkfifo', [dir.join('root/fifo')]);
    const touch = (name: string) => touchFile(dir.join('root'), dir.join(`root/${name}`));
    await expect(touch('way/old')).rejects.toMatchObject({ code: 'not_a_directory' });
    await touch('link');
    await touch('dangling');
    await touch('fifo');
    expect((await stat(dir.join('outside/old'))).mtimeMs).toBe(1000);
    expect(await readdir(dir.join('outside'))).toEqual(['old']);
  });
});
