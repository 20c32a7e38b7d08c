import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import process from 'node:process';
import type { Readable } from 'node:stream';

export interface CgiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** Ends the program early, when the client is gone. */
  readonly abort: () => void;
}

export interface CgiOptions {
  /** Directory that holds the repositories. */
  readonly root: string;
  /** Protocol v0 only: servers older than 2018 ignore the header. */
  readonly dropGitProtocol: boolean;
  readonly remoteUser: string | undefined;
}

function cgiEnvironment(request: IncomingMessage, options: CgiOptions): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const header = (name: string) => request.headers[name]?.toString();
  return {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: header('content-length'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: options.dropGitProtocol ? undefined : header('git-protocol'),
    REMOTE_USER: options.remoteUser,
    REMOTE_ADDR: request.socket.remoteAddress,
  };
}

function parseHead(head: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'status') {
      status = Number.parseInt(value, 10);
    } else if (colon > 0) {
      headers[name] = value;
    }
  }
  return { status, headers };
}

/** Reads the header of a CGI answer; what follows stays in the stream. */
async function readHead(child: ChildProcessWithoutNullStreams): Promise<string> {
  let seen = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const onReadable = () => {
      for (let chunk: unknown = child.stdout.read(); chunk instanceof Buffer; chunk = child.stdout.read()) {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf('\r\n\r\n');
        if (end >= 0) {
          child.stdout.off('readable', onReadable);
          child.stdout.unshift(seen.subarray(end + 4));
          resolve(seen.subarray(0, end).toString('latin1'));
          return;
        }
      }
    };
    child.stdout.on('readable', onReadable);
    child.stdout.once('end', () => reject(new Error('git http-backend gave no answer')));
    child.once('error', reject);
  });
}

/** Lets git's own http-backend answer a request, streaming in both directions. */
export async function callHttpBackend(request: IncomingMessage, options: CgiOptions): Promise<CgiAnswer> {
  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(request, options), stdio: 'pipe' });
  // A backend that refuses the request does not read it to the end.
  child.stdin.on('error', () => {});
  child.stderr.resume();
  request.pipe(child.stdin);
  const head = await readHead(child);
  return {
    ...parseHead(head),
    body: child.stdout,
    abort: () => {
      child.kill('SIGKILL');
    },
  };
}
