import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { treeOf } from '../../../support/processes.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { type LogLine, parseLog } from './cron.ts';

export interface RunningProgram {
  readonly pid: number;
  /** Its only child, as this side sees it: PID 1 of a namespace that it has made. */
  init(): number;
  exit: Promise<number | null>;
  log(): LogLine[];
  waitForLog(what: string, matches: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine>;
}

/** Whether a command can be run here: namespaces are forbidden in some containers. */
export function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Starts any command line, for programs inside a namespace of their own; killed with the test. */
export function startProgram(
  directory: string,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): RunningProgram {
  const child = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const pid = child.pid ?? 0;
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  onTestFinished(async () => {
    for (const { pid: descendant } of treeOf(pid)) {
      kill(descendant);
    }
    kill(pid);
    await exit;
  });
  const log = () => parseLog(output.slice(0, output.lastIndexOf('\n') + 1).split('\n'));
  return {
    pid,
    exit,
    log,
    init() {
      const [inner] = treeOf(pid).filter(({ parent }) => parent === pid);
      if (inner === undefined) {
        throw new Error(`${command} has no child; its output:\n${output}`);
      }
      return inner.pid;
    },
    async waitForLog(what, matches, timeoutMs = 20_000) {
      return waitFor(() => log().find(matches), { what, timeoutMs }).catch((error: unknown) => {
        throw new Error(`${String(error)}; its output so far:\n${output}`, { cause: error });
      });
    },
  };
}
