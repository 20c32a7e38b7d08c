/** The error file and the touch file: what watchers of the volume look at. */
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
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

const fail = (why: string) => {
  throw new Error(why);
};

describe('the error file', () => {
  it('is one JSON object with Msg, Err and Args, without a newline', async () => {
    createErrorFile(dir.join('error.json'), fail).write(record({ failCount: 1 }));
    expect(await readFile(dir.join('error.json'), 'utf8')).toBe(
      `{"Msg":"too many failures, aborting","Err":"couldn't find remote ref","Args":{"failCount":1}}`,
    );
  });

  it('has an empty Err for an error line without a cause', async () => {
    createErrorFile(dir.join('e'), fail).write({ ...record(), error: undefined });
    expect(JSON.parse(await readFile(dir.join('e'), 'utf8'))).toMatchObject({ Err: '' });
  });

  it('may be read by everybody, whatever the umask, and replaces the one before whole', async () => {
    const before = process.umask(0o077);
    try {
      const file = createErrorFile(dir.join('e'), fail);
      file.write(record());
      const { ino } = await stat(dir.join('e'));
      file.writeText('plain');
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
    createErrorFile(dir.join('a/b/c/e'), fail).writeText('x');
    expect(await readFile(dir.join('a/b/c/e'), 'utf8')).toBe('x');
  });

  it('is removed once, and removing it again is no failure', async () => {
    const file = createErrorFile(dir.join('e'), fail);
    file.writeText('x');
    file.remove();
    file.remove();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('tells why it cannot be written or removed, and ends nothing', async () => {
    await mkdir(dir.join('e/in-the-way'), { recursive: true });
    const told: string[] = [];
    const file = createErrorFile(dir.join('e'), (why) => told.push(why));
    file.write(record());
    file.remove();
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(dir.path)).toEqual(['e']);
  });

  it('without a path is none', () => {
    const file = createErrorFile('', fail);
    file.write(record());
    file.writeText('x');
    file.remove();
  });
});

describe('the touch file', () => {
  it('is made, with its directories, when it is not there', async () => {
    await touchFile(dir.join('a/b/touched'));
    expect((await stat(dir.join('a/b/touched'))).size).toBe(0);
  });

  it('gets the time of now and keeps what is in it', async () => {
    await writeFile(dir.join('touched'), 'mine');
    await utimes(dir.join('touched'), 1, 1);
    const before = Date.now();
    await touchFile(dir.join('touched'));
    const status = await stat(dir.join('touched'));
    expect(Math.abs(status.mtimeMs - before)).toBeLessThan(60_000);
    expect(await readFile(dir.join('touched'), 'utf8')).toBe('mine');
  });

  it('fails with the reason when it cannot be made', async () => {
    await writeFile(dir.join('file'), '');
    await expect(touchFile(dir.join('file/touched'))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
