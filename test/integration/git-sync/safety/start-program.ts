import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { waitFor } from '../../../support/wait-for.ts';

export interface StartedProgram {
  readonly child: ChildProcessWithoutNullStreams;
  /** Complete lines of stdout and stderr, as they come. */
  readonly lines: readonly string[];
  /** The first line from number `from` (default 0) on that matches. */
  said(pattern: RegExp, from?: number): Promise<string>;
}

/** Starts any program, such as one that starts Pillion in another place or as another user. Killed with the test. */
export function startProgram(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): StartedProgram {
  const child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'], ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }
  return {
    child,
    lines,
    said: (pattern, from = 0) =>
      waitFor(() => lines.slice(from).find((line) => pattern.test(line)), { what: String(pattern) }).catch(
        (error: unknown) => {
          throw new Error(`it said only:\n${lines.join('\n')}`, { cause: error });
        },
      ),
  };
}
