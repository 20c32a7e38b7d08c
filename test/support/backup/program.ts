/** The built program with a real restic, on volumes of a test. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type PillionResult, type RunningPillion, runPillion, startPillion } from '../pillion.ts';
import { QUICK_RESTIC } from './quick-key.ts';
import { restic18 } from './restic.ts';

export const PASSWORD = 'p4ssw0rd-of-the-repository';

export interface BackupCommand {
  readonly volume: string;
  readonly repository: string;
  readonly name?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

function argumentsOf(
  words: readonly string[],
  { volume, repository, name = 'data', flags = [] }: BackupCommand,
) {
  return [...words, '--volume', volume, '--repository', repository, '--name', name, ...flags];
}

function environmentOf({ env }: BackupCommand): Record<string, string> {
  const program = restic18();
  const folder = program === undefined ? '' : `${QUICK_RESTIC}:${path.dirname(program)}:`;
  return { PATH: `${folder}${process.env['PATH'] ?? '/usr/bin:/bin'}`, RESTIC_PASSWORD: PASSWORD, ...env };
}

/** Runs `pillion WORDS...` with the volume and repository of the command, to its end. */
export function run(words: readonly string[], command: BackupCommand): Promise<PillionResult> {
  const { timeoutMs = 60_000 } = command;
  return runPillion(argumentsOf(words, command), { env: environmentOf(command), timeoutMs });
}

export function start(words: readonly string[], command: BackupCommand): Promise<RunningPillion> {
  return startPillion(argumentsOf(words, command), { env: environmentOf(command) });
}

/** Runs it, and fails unless it ends with 0; gives its output. */
export async function succeed(words: readonly string[], command: BackupCommand): Promise<string> {
  const { code, stdout, stderr } = await run(words, command);
  if (code !== 0) {
    throw new Error(`pillion ${words.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  }
  return stdout;
}

/** Files by path below a directory. */
export async function writeTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), content);
  }
}

/** Files of a volume by path, with their content; what is ours is left out. */
export async function readTree(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('.pillion/'))
    .toSorted();
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(path.join(root, name), 'utf8')])),
  );
}
