/** A real pgbouncer in front of a PostgreSQL. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { findProgram } from '../../../scripts/packages.ts';
import { waitFor } from '../wait-for.ts';
import { giveToServer, makeServerDirectory, removeServerDirectory, startDaemon } from './as-postgres.ts';
import { freePort } from './postgres-server.ts';

export interface PgbouncerOptions {
  /** Command line; default: the machine's own. */
  readonly command?: readonly string[] | undefined;
  readonly serverPort: number;
  /** Path of its auth_file. */
  readonly authFile: string;
  readonly authType?: string;
  /** The user of every server connection; '' for the client's own. */
  readonly forcedUser?: string;
  readonly serverLifetimeSeconds?: number;
  /** Of its connections to the server; default: `require`, as RDS needs it. */
  readonly serverTls?: 'require' | 'disable';
  /** More of its section [pgbouncer], or other values. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The command changes the user itself. */
  readonly asRoot?: boolean;
}

export interface Pgbouncer {
  readonly port: number;
  readonly pid: number;
  /** Holds its socket, its PID file and its log. */
  readonly directory: string;
  readonly pidFile: string;
  log(): string;
  stop(): Promise<void>;
}

/** Name of the admin and its password; put {@link adminLine} into the auth_file. */
export const ADMIN = { user: 'admin', password: 'admin-password' } as const;
export const adminLine = `"${ADMIN.user}" "${ADMIN.password}"\n`;

/** The machine's pgbouncer. */
export function ownPgbouncer(): readonly string[] {
  const program = findProgram('pgbouncer');
  if (program === undefined) {
    throw new Error('there is no pgbouncer: node scripts/packages.ts pgbouncer');
  }
  return [program];
}

export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const {
    serverPort,
    authFile,
    authType = 'scram-sha-256',
    forcedUser = '',
    serverLifetimeSeconds = 3600,
    serverTls = 'require',
  } = options;
  const port = await freePort();
  const user = forcedUser === '' ? '' : ` user=${forcedUser}`;
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    auth_type: authType,
    auth_file: authFile,
    admin_users: ADMIN.user,
    pool_mode: 'transaction',
    default_pool_size: 5,
    max_client_conn: 500,
    server_lifetime: serverLifetimeSeconds,
    server_login_retry: 1,
    server_tls_sslmode: serverTls,
    ...options.settings,
  };
  const server = `host=127.0.0.1 port=${serverPort}`;
  const ini = [
    '[databases]',
    `app = ${server} dbname=app${user}`,
    `pam = ${server} dbname=pam${user}`,
    '[pgbouncer]',
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n');
  return startPgbouncerWith(ini, port, options.command, options.asRoot);
}

/**
 * Starts one with a configuration that ends with the section [pgbouncer] and has it listen on this port; where its
 * socket, PID file and log are is added.
 */
export async function startPgbouncerWith(
  configuration: string,
  port: number,
  command: readonly string[] = ownPgbouncer(),
  asRoot = false,
): Promise<Pgbouncer> {
  const directory = makeServerDirectory();
  const pidFile = path.join(directory, 'pgbouncer.pid');
  const logFile = path.join(directory, 'pgbouncer.log');
  const ini = path.join(directory, 'pgbouncer.ini');
  const places = { unix_socket_dir: directory, pidfile: pidFile, logfile: logFile };
  const lines = Object.entries(places).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(ini, [configuration.replace(/^unix_socket_dir.*\n/m, ''), ...lines].join(''));
  giveToServer(ini);
  const daemon = startDaemon([...command, ini], directory, asRoot);
  await waitFor(() => canReach(port), { what: 'pgbouncer', timeoutMs: 20_000 }).catch(
    async (error: unknown) => {
      await daemon.stop('SIGTERM');
      throw new Error(`pgbouncer did not start: ${daemon.output()}`, { cause: error });
    },
  );
  return {
    port,
    pid: daemon.pid,
    directory,
    pidFile,
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      await daemon.stop('SIGINT');
      await daemon.stop('SIGTERM');
      removeServerDirectory(directory);
    },
  };
}

/** Whether something answers there as PostgreSQL does, even with a refusal. */
async function canReach(port: number): Promise<boolean> {
  const error = await login({ port, user: 'nobody', password: '', database: 'app' });
  return error === undefined || !/ECONNREFUSED|terminated/.test(error);
}

export interface LoginInit {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** One login and one statement; undefined when both work, or else what was said. */
export async function login({ port, user, password, database }: LoginInit): Promise<string | undefined> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    ssl: false,
    connectionTimeoutMillis: 20_000,
    query_timeout: 20_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : 'unknown';
  } finally {
    await client.end().catch(() => undefined);
  }
}
