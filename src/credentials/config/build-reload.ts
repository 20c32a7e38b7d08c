import { tlsFiles } from './build-source.ts';
import { ConfigProblem } from './problem.ts';
import type { ReloadEntry, ReloadObject, TestLoginEntry } from './schema.ts';
import type { Address, ReloadSpec, TestLoginSpec } from './spec.ts';

const PGBOUNCER_PORT = 6432;
const POSTGRES_PORT = 5432;
/** pgbouncer takes this user of its own UID as admin on its Unix socket. */
const CONSOLE_USER = 'pgbouncer';
const TIMEOUT_MS = 10_000;

/** @throws ConfigProblem */
export function buildReload(entry: ReloadEntry): ReloadSpec {
  const reload = typeof entry === 'string' ? parseShort(entry) : entry;
  switch (reload.type) {
    case 'pgbouncer':
      return {
        type: 'pgbouncer',
        ...parseAddress(reload.address, PGBOUNCER_PORT),
        user: reload.user ?? CONSOLE_USER,
        passwordFile: reload['password-file'],
        caFile: reload['ca-file'],
        isProved: reload.proof !== 'none',
        database: reload.database ?? '',
        timeoutMs: reload.timeout ?? TIMEOUT_MS,
      };
    case 'login': {
      const { address, database, 'ca-file': caFile, timeout = TIMEOUT_MS } = reload;
      return {
        type: 'login',
        ...parseAddress(address, PGBOUNCER_PORT),
        database,
        caFile,
        timeoutMs: timeout,
      };
    }
    case 'signal':
      return {
        type: 'signal',
        pidFile: reload['pid-file'],
        process: reload.process ?? 'pgbouncer',
        signal: `SIG${reload.signal ?? 'HUP'}`,
      };
    case 'http':
      return {
        type: 'http',
        url: reload.url,
        method: reload.method ?? 'POST',
        headers: reload.headers ?? {},
        body: reload.body,
        bearerFile: reload['bearer-file'],
        tls: tlsFiles(reload),
        timeoutMs: reload.timeout ?? TIMEOUT_MS,
      };
    default:
      return { type: 'command', command: reload.command, timeoutMs: reload.timeout ?? TIMEOUT_MS };
  }
}

function parseShort(text: string): ReloadObject {
  const at = text.indexOf('=');
  const [type, target] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const hint =
    'pgbouncer=HOST:PORT or its socket directory, signal=PIDFILE or a program’s name, http=URL, command=PROGRAM';
  if (target === '') {
    throw new ConfigProblem([], `${JSON.stringify(text)} names no target`, hint);
  }
  switch (type) {
    case 'pgbouncer':
      return { type, address: target };
    case 'signal':
      return target.startsWith('/') ? { type, 'pid-file': target } : { type, process: target };
    case 'http':
      if (!/^https?:\/\//.test(target) || !URL.canParse(target)) {
        throw new ConfigProblem([], 'http= needs a URL with http:// or https://', hint);
      }
      return { type, url: target };
    case 'command':
      return { type, command: [target] };
    default:
      throw new ConfigProblem([], `${JSON.stringify(type)} is no kind of reload`, hint);
  }
}

/**
 * `HOST`, `HOST:PORT`, `[::1]:PORT`, the directory of a Unix socket, or the socket itself (`.../.s.PGSQL.6432`).
 * @throws ConfigProblem
 */
function parseAddress(text: string, defaultPort: number): Address {
  if (text.startsWith('/')) {
    const socket = /^(.+)\/\.s\.PGSQL\.(\d{1,5})$/.exec(text);
    return socket ? { host: socket[1] ?? '', port: Number(socket[2]) } : { host: text, port: defaultPort };
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/\s]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? defaultPort);
  if (!match || port < 1 || port > 65_535) {
    const hint = 'HOST:PORT, or the absolute path of the directory with the Unix socket';
    throw new ConfigProblem(['address'], `${JSON.stringify(text)} is no address`, hint);
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** @throws ConfigProblem */
export function buildTestLogin(
  entry: TestLoginEntry | undefined,
  endpoint: { readonly host: string; readonly port: number },
): TestLoginSpec | undefined {
  if (entry === undefined) {
    return undefined;
  }
  const host = entry.host ?? endpoint.host;
  if (host === '') {
    throw new ConfigProblem(
      ['test-login'],
      'test-login needs a host',
      'give host here or for the credential',
    );
  }
  const port = entry.port ?? (endpoint.port === 0 ? POSTGRES_PORT : endpoint.port);
  const tls = entry.tls === 'off' ? undefined : { caFile: entry['ca-file'] };
  return { host, port, database: entry.database, tls, timeoutMs: entry.timeout ?? TIMEOUT_MS };
}
