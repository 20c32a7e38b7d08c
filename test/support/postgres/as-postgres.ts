/** PostgreSQL and pgbouncer refuse to run as root: then they run as the user that Debian's package made for them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { isAlive, treeOf } from '../processes.ts';
import { waitFor } from '../wait-for.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

function idOf(flag: '-u' | '-g'): number {
  const { stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  return Number(stdout);
}

/** Who the servers run as. */
export function serverUser(): User {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : { uid, gid: process.getgid?.() ?? 0 };
}

/** Options that start a program as that user; without root it is this one already. */
export function asServerUser(): Partial<User> {
  return process.getuid?.() === 0 ? serverUser() : {};
}

/** Gives a file to the servers' user, where that can be done. */
export function giveToServer(file: string): void {
  if (process.getuid?.() === 0) {
    const { uid, gid } = serverUser();
    chownSync(file, uid, gid);
  }
}

/** A directory of the servers' user that others may enter, outside the checkout. */
export function makeServerDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'pillion-postgres-'));
  chmodSync(directory, 0o755);
  giveToServer(directory);
  return directory;
}

export function removeServerDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

export interface Daemon {
  readonly pid: number;
  output(): string;
  /** Ends it with the signal (default SIGTERM), and with SIGKILL after ten seconds; resolves when all of it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a server in the foreground, as the servers' user unless it is started by root in another way: by programs that
 * pass no signal on, as unshare does not, and whose end is not the server's.
 */
export function startDaemon(command: readonly string[], cwd: string, asRoot = false): Daemon {
  const [program = '', ...args] = command;
  const child: ChildProcess = spawn(program, args, {
    ...(asRoot ? {} : asServerUser()),
    cwd,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  child.on('error', (error) => (output += String(error)));
  const pid = child.pid ?? -1;
  return {
    pid,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) {
        return;
      }
      const started = [pid, ...treeOf(pid).map((info) => info.pid)];
      const ended = () =>
        waitFor(() => !started.some(isAlive), { what: `the end of ${program}`, timeoutMs: 10_000 });
      send(asRoot ? started.slice(-1) : [pid], signal);
      await ended().catch(async () => {
        send(started, 'SIGKILL');
        await ended();
      });
    },
  };
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids.filter(isAlive)) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended since
    }
  }
}
