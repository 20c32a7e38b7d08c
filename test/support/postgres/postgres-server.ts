/** A real PostgreSQL whose ordinary users log in with what an LDAP server accepts. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { listenOnLoopback } from '../listen.ts';
import { runProgram } from '../run-program.ts';
import { waitFor } from '../wait-for.ts';
import {
  asServerUser,
  type Daemon,
  giveToServer,
  makeServerDirectory,
  removeServerDirectory,
  startDaemon,
} from './as-postgres.ts';

const BASE = '/usr/lib/postgresql';

/** Newest first. */
function serverPrograms(): string | undefined {
  const versions = existsSync(BASE) ? readdirSync(BASE).map(Number) : [];
  return versions
    .sort((a, b) => b - a)
    .map((version) => path.join(BASE, String(version), 'bin'))
    .find((directory) => existsSync(path.join(directory, 'initdb')));
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const { port, down } = await listenOnLoopback(createServer());
  await down();
  return port;
}

export interface PostgresServer {
  readonly port: number;
  readonly directory: string;
  /** CA of its certificate, which is for `localhost` and 127.0.0.1. */
  readonly caFile: string;
  /** Runs SQL as its superuser. */
  sql(statement: string): Promise<string>;
  /** Makes a user that logs in with a password of its own, which `ALTER ROLE` sets. */
  allowPasswords(user: string): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  readonly ldapPort: number;
  /** Users that log in by LDAP; the last one only where the database is `pam`, with a PAM service that lets nobody in. */
  readonly users: readonly string[];
}

export async function startPostgres({ ldapPort, users }: PostgresOptions): Promise<PostgresServer> {
  const programs = serverPrograms();
  if (programs === undefined) {
    throw new Error('there is no PostgreSQL server: node scripts/packages.ts postgresql');
  }
  const directory = makeServerDirectory();
  const data = path.join(directory, 'data');
  const flags = [
    '-D',
    data,
    '--auth=trust',
    '--username=postgres',
    '--no-sync',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const made = spawnSync(path.join(programs, 'initdb'), flags, {
    ...asServerUser(),
    cwd: '/',
    encoding: 'utf8',
  });
  if (made.status !== 0) {
    throw new Error(`initdb: ${made.stderr}`);
  }
  const port = await freePort();
  const caFile = makeCertificate(data);
  writeFileSync(path.join(data, 'pg_hba.conf'), accessRules(ldapPort));
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: directory,
    fsync: 'off',
    ssl: 'on',
    max_connections: 200,
    log_connections: 'on',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const daemon = startDaemon([path.join(programs, 'postgres'), '-D', data, ...options], directory);
  const sql = (statement: string) =>
    runProgram('psql', ['-XAtq', '-h', directory, '-p', String(port), '-U', 'postgres', '-c', statement], {
      cwd: '/',
    });
  const stop = async (): Promise<void> => {
    await daemon.stop('SIGINT');
    removeServerDirectory(directory);
  };
  await untilReady(daemon, sql, stop);
  for (const user of users) {
    await sql(`CREATE ROLE "${user}" LOGIN`);
  }
  await sql('CREATE DATABASE app');
  await sql('CREATE DATABASE pam');
  const allowPasswords = async (user: string): Promise<void> => {
    await sql(`CREATE ROLE "${user}" LOGIN`);
    writeFileSync(
      path.join(data, 'pg_hba.conf'),
      `host all "${user}" 127.0.0.1/32 scram-sha-256\n${accessRules(ldapPort)}`,
    );
    await sql('SELECT pg_reload_conf()');
  };
  return { port, directory, caFile, sql, allowPasswords, log: daemon.output, stop };
}

async function untilReady(
  daemon: Daemon,
  sql: (statement: string) => Promise<string>,
  stop: () => Promise<void>,
): Promise<void> {
  try {
    await waitFor(() => sql('SELECT 1'), { what: 'PostgreSQL', timeoutMs: 60_000, intervalMs: 100 });
  } catch (error) {
    const text = daemon.output();
    await stop();
    throw new Error(`PostgreSQL did not start:\n${text}`, { cause: error });
  }
}

function accessRules(ldapPort: number): string {
  const ldap = `ldap ldapserver=127.0.0.1 ldapport=${ldapPort} ldapprefix="cn=" ldapsuffix=",dc=rds"`;
  return [
    'local all postgres trust',
    'host all postgres 127.0.0.1/32 trust',
    'host pam all 127.0.0.1/32 pam pamservice=pillion-lets-nobody-in',
    `host all all 127.0.0.1/32 ${ldap}`,
    '',
  ].join('\n');
}

/** A certificate that is its own CA. */
function makeCertificate(data: string): string {
  const [key, certificate] = [path.join(data, 'server.key'), path.join(data, 'server.crt')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const output = ['-keyout', key, '-out', certificate];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...output];
  const made = spawnSync('openssl', args, { encoding: 'utf8' });
  if (made.status !== 0) {
    throw new Error(`openssl: ${made.stderr}`);
  }
  giveToServer(key);
  giveToServer(certificate);
  return certificate;
}
