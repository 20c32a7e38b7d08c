import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { treeOf } from '../../../support/processes.ts';
import { waitFor } from '../../../support/wait-for.ts';

export interface RunningProgram {
  readonly pid: number;
  waitForOutput(text: string, times?: number): Promise<void>;
  /** SIGTERM to the program inside (the child of `unshare`); its exit code. */
  stop(): Promise<number | null>;
}

/** Starts any command line on a crontab: for programs inside a namespace of their own. */
export async function startProgram(
  directory: string,
  crontab: string,
  commandLine: (file: string) => readonly string[],
): Promise<RunningProgram> {
  const file = path.join(directory, 'crontab');
  await writeFile(file, crontab);
  const [command = '', ...args] = commandLine(file);
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const pid = child.pid ?? 0;
  const exit = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return {
    pid,
    async waitForOutput(text, times = 1) {
      await waitFor(() => output.split(text).length > times, { what: `${text} in ${output}` });
    },
    async stop() {
      const [inner] = treeOf(pid).filter(({ parent }) => parent === pid);
      process.kill(inner?.pid ?? pid, 'SIGTERM');
      const [code] = (await exit) as [number | null];
      return code;
    },
  };
}
