import { open, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { checkVolume, type VolumeChecks } from './checks.ts';
import { sqliteCheck } from './sqlite-check.ts';

const temp = useTempDir();
const { signal } = new AbortController();
const check = (checks: Partial<VolumeChecks>) =>
  checkVolume(
    temp.path,
    {
      required: [],
      minBytes: 0,
      sample: 0,
      databases: [],
      commands: [],
      commandTimeoutMs: 20_000,
      env: process.env,
      ...checks,
    },
    signal,
  );

describe('a check of a volume', () => {
  it('finds what is missing, and what is too little', async () => {
    await writeFile(temp.join('a'), '12345');
    expect(await check({ required: ['a'], minBytes: 5 })).toEqual({ kind: 'good' });
    expect(await check({ required: ['a', 'b/c'], minBytes: 6 })).toEqual({
      kind: 'corrupt',
      problems: ['b/c is missing', 'its files have 5 bytes, and must have 6'],
    });
  });

  it.each([
    ['true', 'good'],
    ['false', 'corrupt'],
    ['no-such-program', 'unknown'],
  ])('by %s says: %s', async (program, kind) => {
    expect((await check({ commands: [[program]] })).kind).toBe(kind);
  });

  it('that does not end says nothing about the volume', async () => {
    expect(await check({ commands: [['sleep', '60']], commandTimeoutMs: 50 })).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('did not end within 0.05 s'),
    });
  });
});

describe('a check of a SQLite database', () => {
  const verdict = () => check({ commands: [sqliteCheck('app.db')] });

  function makeDatabase(): void {
    const database = new DatabaseSync(temp.join('app.db'));
    database.exec('PRAGMA journal_mode=wal; CREATE TABLE t(a); CREATE INDEX i ON t(a)');
    // One transaction: each would wait for the disk.
    database.exec('BEGIN');
    const insert = database.prepare('INSERT INTO t VALUES (?)');
    for (let number = 0; number < 2000; number += 1) {
      insert.run(`value ${number}`);
    }
    database.exec('COMMIT');
    database.close();
  }

  it('is content with a good one, and with none', async () => {
    expect(await verdict()).toEqual({ kind: 'good' });
    makeDatabase();
    expect(await verdict()).toEqual({ kind: 'good' });
  });

  it('finds pages that were overwritten', async () => {
    makeDatabase();
    const file = await open(temp.join('app.db'), 'r+');
    await file.write(Buffer.alloc(8192, 0x5a), 0, 8192, 4096);
    await file.close();
    expect((await verdict()).kind).toBe('corrupt');
  });

  it('finds that it is none at all', async () => {
    await writeFile(temp.join('app.db'), 'garbage that is no database, and long enough to be looked at');
    expect(await verdict()).toMatchObject({
      kind: 'corrupt',
      problems: [expect.stringContaining('not a database')],
    });
  });
});
