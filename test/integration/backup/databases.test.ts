/** The recipes of docs/guides/backup-databases.md as they stand there, each with the real database. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from '../../../scripts/packages.ts';
import { mariadb, redis, startMariadb, startPostgres, startRedis } from '../../support/backup/databases.ts';
import { succeed } from '../../support/backup/program.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const GUIDE = new URL('../../../docs/guides/backup-databases.md', import.meta.url);

/** The file for `--config` that the guide has under a name. */
async function recipe(name: string): Promise<string> {
  const text = await readFile(GUIDE, 'utf8');
  const found = new RegExp(`<!-- recipe ${name} -->\\n\`\`\`yaml\\n([^\`]*)\`\`\``).exec(text);
  const file = dir.join(`${name.replace(' ', '-')}.yaml`);
  await writeFile(file, found?.[1] ?? '');
  expect(found, `the recipe ${name}`).not.toBeNull();
  return file;
}

const repository = () => `dir:${dir.join('repository')}`;

async function backUp(database: string, volume: string, env: Record<string, string> = {}): Promise<void> {
  const flags = ['--init', '--config', await recipe(`${database} backup`)];
  await succeed(['backup', 'now'], { volume, repository: repository(), flags, env });
}

async function restore(database: string | undefined): Promise<string> {
  const volume = dir.join('restored');
  await mkdir(volume);
  const flags = database === undefined ? [] : ['--config', await recipe(`${database} restore`)];
  await succeed(['restore'], { volume, repository: repository(), flags });
  return volume;
}

async function makeVolume(): Promise<string> {
  await mkdir(dir.join('volume'));
  return dir.join('volume');
}

describe('a recipe (skipped without its database)', () => {
  it.skipIf(!findProgram('sqlite3'))(
    'of SQLite keeps a whole database, though it is written to meanwhile',
    async () => {
      const volume = await makeVolume();
      const database = path.join(volume, 'app.db');
      await runProgram('sqlite3', [
        database,
        'PRAGMA journal_mode=wal',
        'CREATE TABLE t(a)',
        'INSERT INTO t VALUES (1)',
      ]);
      const writes =
        'while :; do sqlite3 app.db ".timeout 9000" "BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); COMMIT"; done';
      const writer = spawn('sh', ['-c', writes], { cwd: volume, stdio: 'ignore', detached: true });
      const stop = () => {
        try {
          process.kill(-(writer.pid ?? 0), 'SIGKILL');
        } catch {
          // It has ended.
        }
      };
      onTestFinished(() => stop());
      await backUp('sqlite', volume);
      stop();
      const restored = await restore('sqlite');
      const count = await runProgram('sqlite3', [
        path.join(restored, 'app.db'),
        'PRAGMA integrity_check',
        'SELECT count(*) % 2 FROM t',
      ]);
      expect(count.split('\n')).toEqual(['ok', '1']);
      expect((await readdir(restored)).toSorted()).toEqual(['.pillion', 'app.db', 'app.db.copy']);
      await writeFile(path.join(restored, 'app.db'), 'garbage that is no database');
      const flags = ['--config', await recipe('sqlite restore')];
      await succeed(['restore'], { volume: restored, repository: repository(), flags });
      expect(await runProgram('sqlite3', [path.join(restored, 'app.db'), 'PRAGMA quick_check'])).toBe('ok');
    },
  );

  it.skipIf(!findProgram('psql'))('of PostgreSQL keeps a dump that another server loads', async () => {
    const volume = await makeVolume();
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const psql = ({ folder }: { readonly folder: string }, database: string, ...args: string[]) =>
      runProgram('psql', ['-h', folder, '-U', 'app', '-At', ...args, database]);
    await psql(server, 'postgres', '-c', 'CREATE ROLE reader', '-c', 'CREATE DATABASE app');
    await psql(
      server,
      'app',
      '-c',
      'CREATE TABLE t AS SELECT generate_series(1, 1000) AS a',
      '-c',
      'GRANT SELECT ON t TO reader',
    );
    await backUp('postgresql', volume, { PGHOST: server.folder, PGUSER: 'app', PGDATABASE: 'app' });
    const restored = await restore(undefined);
    const other = await startPostgres();
    onTestFinished(() => other.stop());
    await psql(other, 'postgres', '-f', path.join(restored, 'globals.sql'));
    const load = ['-h', other.folder, '-U', 'app', '--create', '-d', 'postgres'];
    await runProgram('pg_restore', [...load, path.join(restored, 'app.dump')]);
    expect(await psql(other, 'app', '-c', 'SELECT sum(a) FROM t')).toBe('500500');
  });

  it.skipIf(!findProgram('mariadbd') || !findProgram('mariadb-dump'))(
    'of MariaDB keeps a dump that another server loads',
    async () => {
      const volume = await makeVolume();
      const server = await startMariadb(dir.join('db'));
      onTestFinished(() => server.stop());
      await mariadb(
        dir.join('db'),
        'CREATE DATABASE app; CREATE TABLE app.t(a int) ENGINE=InnoDB; INSERT INTO app.t VALUES (1),(2)',
      );
      await backUp('mariadb', volume, { MARIADB_OPTIONS: dir.join('db/options.cnf') });
      await server.stop();
      const restored = await restore(undefined);
      const other = await startMariadb(dir.join('db2'));
      onTestFinished(() => other.stop());
      await mariadb(dir.join('db2'), `source ${path.join(restored, 'app.sql')}`);
      expect(await mariadb(dir.join('db2'), 'SELECT sum(a) FROM app.t')).toBe('3');
    },
  );

  it.skipIf(!findProgram('redis-server'))('of Redis keeps what the server has in memory', async () => {
    const volume = await makeVolume();
    const socket = dir.join('socket');
    const server = await startRedis(volume, socket);
    onTestFinished(() => server.stop());
    await redis(socket, 'SET', 'key', 'value');
    const bin = dir.join('bin');
    await mkdir(bin);
    // The recipe asks the server at the usual place.
    await writeFile(
      path.join(bin, 'redis-cli'),
      `#!/bin/sh\nexec ${findProgram('redis-cli')} -s ${socket} "$@"\n`,
      {
        mode: 0o755,
      },
    );
    await backUp('redis', volume, { PATH: `${bin}:${process.env['PATH']}` });
    await server.stop();
    const restored = await restore('redis');
    const other = await startRedis(restored, dir.join('socket2'));
    onTestFinished(() => other.stop());
    expect(await redis(dir.join('socket2'), 'GET', 'key')).toBe('value');
  });
});
