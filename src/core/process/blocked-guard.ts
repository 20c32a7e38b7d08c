/**
 * Ends this process when its only thread is blocked: a synchronous call on a file system that hangs never comes back, and
 * meanwhile no timer, no signal and no request of a probe is heard. So somebody else must do it: a shell that sleeps, and is
 * replaced long before it wakes up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { startInterval } from '../timer.ts';

export interface BlockedGuardInit {
  /** Milliseconds that one call may take. After half as much again at the latest, all is over. */
  readonly limitMs: number;
  /** The line that says so on standard error; `at` is when it will be written, if it is. */
  readonly line: (at: number) => string;
}

/** Its standard input ends with this process, however that ends: then it is not needed any more. */
const SCRIPT = `(sleep "$1"; printf '%s\\n' "$3" >&2; kill -KILL "$2") & read -r _; kill -KILL 0`;

/**
 * Guards until the result is called. Where there is no shell it does nothing.
 * Costs a shell and a sleep, and a start of them at each half of the limit.
 */
export function guardAgainstBlocking({ limitMs, line }: BlockedGuardInit): () => void {
  const sleepMs = limitMs * 1.5;
  const begin = (): ChildProcess => {
    const args = [(sleepMs / 1000).toFixed(3), String(process.pid), line(Date.now() + sleepMs)];
    const shell = spawn('sh', ['-c', SCRIPT, 'sh', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      detached: true,
    });
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    return shell;
  };
  let current = begin();
  const timer = startInterval(
    limitMs / 2,
    () => {
      const before = current;
      current = begin();
      end(before);
    },
    { keepsAlive: false },
  );
  return () => {
    timer.cancel();
    end(current);
  };
}

function end(shell: ChildProcess): void {
  shell.stdin?.destroy();
  if (shell.pid !== undefined && shell.exitCode === null && shell.signalCode === null) {
    try {
      process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
