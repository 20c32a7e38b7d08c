/** Real database servers in directories of a test, reached through sockets there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '../../../scripts/packages.ts';
import { asServerUser, makeServerDirectory, removeServerDirectory } from '../postgres/as-postgres.ts';
import { runProgram, tryProgram } from '../run-program.ts';
import { waitFor } from '../wait-for.ts';

export interface Database {
  stop(): Promise<void>;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

/** The programs of PostgreSQL that are in no PATH. */
export async function postgresPrograms(): Promise<string> {
  const { stdout } = await tryProgram('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1']);
  return stdout.trim();
}

/** A server whose socket is in `folder`; everybody is its superuser. */
export async function startPostgres(): Promise<Database & { readonly folder: string }> {
  const programs = await postgresPrograms();
  const folder = makeServerDirectory();
  const data = path.join(folder, 'data');
  const options = { cwd: '/', ...asServerUser() };
  const flags = ['-D', data, '-A', 'trust', '-U', 'app', '--no-sync'];
  await runProgram(path.join(programs, 'initdb'), flags, options);
  const settings = ['-k', folder, '-h', '', '-F'];
  const child = spawn(path.join(programs, 'postgres'), ['-D', data, ...settings], {
    ...options,
    stdio: 'ignore',
  });
  const ask = ['-h', folder, '-U', 'app', '-c', 'select 1', 'postgres'];
  await waitFor(async () => (await tryProgram('psql', ask)).code === 0 || undefined, { what: 'PostgreSQL' });
  return {
    folder,
    async stop() {
      await ended(child, 'SIGINT');
      removeServerDirectory(folder);
    },
  };
}

/** A server whose socket is in `folder`; `options.cnf` there tells clients of it. */
export async function startMariadb(folder: string): Promise<Database> {
  await mkdir(folder);
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const data = path.join(folder, 'data');
  const socket = path.join(folder, 'socket');
  await runProgram(findProgram('mariadb-install-db') ?? 'mariadb-install-db', [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...user,
  ]);
  await writeFile(path.join(folder, 'options.cnf'), `[client]\nuser=root\nsocket=${socket}\n`);
  const flags = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, '--skip-networking', ...user];
  const child = spawn(findProgram('mariadbd') ?? 'mariadbd', flags, { stdio: 'ignore' });
  const database = { stop: () => ended(child, 'SIGTERM') };
  await waitFor(async () => (await mariadb(folder, 'select 1')) !== undefined || undefined, {
    what: 'MariaDB',
  });
  return database;
}

/** What a statement prints; undefined when it fails. */
export async function mariadb(folder: string, statement: string): Promise<string | undefined> {
  const options = `--defaults-file=${path.join(folder, 'options.cnf')}`;
  const { code, stdout } = await tryProgram('mariadb', [options, '--skip-column-names', '-e', statement]);
  return code === 0 ? stdout.trim() : undefined;
}

/** A server whose data are in `data` and whose socket is at `socket`. */
export async function startRedis(data: string, socket: string): Promise<Database> {
  const flags = ['--port', '0', '--unixsocket', socket, '--dir', data, '--save', ''];
  const child = spawn('redis-server', flags, { stdio: 'ignore' });
  await waitFor(async () => (await redis(socket, 'PING')) === 'PONG' || undefined, { what: 'Redis' });
  return { stop: () => ended(child, 'SIGTERM') };
}

export async function redis(socket: string, ...command: readonly string[]): Promise<string> {
  const { stdout } = await tryProgram('redis-cli', ['-s', socket, ...command]);
  return stdout.trim();
}
