import process from 'node:process';
import { runProgram } from './run-program.ts';

/** Every commit made by tests has the same author; dates come with each commit, so hashes repeat from run to run. */
const AUTHOR = { name: 'Test Author', email: 'author@example.test' };
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** The environment for git that does not depend on who runs the tests: no user or system configuration, no prompts. */
export function gitEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
  return {
    ...own,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
    GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
    GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
    ...extra,
  };
}

/** Runs git in `cwd`, hermetically; returns stdout without the line end, throws with git's stderr when it fails. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  return runProgram('git', args, { cwd, env: gitEnvironment() });
}

/** `git fast-import` in a bare repository; returns what its `get-mark` and `progress` commands printed. */
export async function fastImport(
  cwd: string,
  input: string | Uint8Array | AsyncIterable<string | Uint8Array>,
): Promise<string> {
  const args = ['fast-import', '--quiet', '--force', '--date-format=raw'];
  return runProgram('git', args, { cwd, env: gitEnvironment(), input });
}

/** The `committer` line of a fast-import stream, `seconds` after the tests' epoch. */
export function committerLine(seconds: number): string {
  return `committer ${AUTHOR.name} <${AUTHOR.email}> ${1_704_067_200 + seconds} +0000\n`;
}
