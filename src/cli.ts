/** argv -> command -> run. The only place that ends the process. */
// oxlint-disable-next-line import/no-unassigned-import -- takes effect before anything else is loaded
import './core/process/without-debugger.ts';
import { basename } from 'node:path';
import { commands } from './commands.ts';
import type { CommandContext, CommandEntry, ExitStatus } from './core/command.ts';
import { errorMessage, isPillionError, type PillionError, usageError } from './core/errors.ts';
import { createSecrets, type Secrets } from './core/log/secrets.ts';
import { printableLines } from './core/printable.ts';
import { leave } from './core/process/leave.ts';
import { withdrawMallocSetting } from './core/process/malloc.ts';
import { nodeProblem, version } from './core/version.ts';
import { writeText } from './core/write-text.ts';

interface Chosen {
  readonly entry: CommandEntry;
  readonly argv: readonly string[];
}

function overview(): string {
  const width = Math.max(...commands.map((entry) => entry.name.length));
  const rows = commands.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`);
  return [
    'pillion: everything that rides along with a Kubernetes pod',
    '',
    'Usage:\n  pillion <command> [flags]',
    '',
    'Commands:',
    ...rows,
    '',
    'pillion <command> --help tells more; pillion --version prints the version.',
    '',
  ].join('\n');
}

/** The command is the name the program was started under, or else the first word. */
function chooseCommand(startedAs: string, argv: readonly string[]): Chosen | undefined {
  const named = commands.find((entry) => entry.startedAs?.includes(startedAs));
  if (named) {
    return { entry: named, argv };
  }
  const entry = commands.find((candidate) => candidate.name === argv[0]);
  return entry && { entry, argv: argv.slice(1) };
}

async function unknownCommand(word: string): Promise<PillionError> {
  const { nearest } = await import('./core/options/lookup.ts');
  const names = commands.map((entry) => entry.name);
  const near = nearest(word, names);
  return usageError(
    `unknown command "${word}"`,
    near ? `did you mean ${near}?` : `commands: ${names.join(', ')}`,
  );
}

async function main(context: CommandContext): Promise<ExitStatus> {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    throw usageError(problem, 'put a newer Node first in PATH; the image has one');
  }
  const chosen = chooseCommand(context.startedAs, context.argv);
  if (chosen) {
    const module = await chosen.entry.load();
    return module.run({ ...context, argv: chosen.argv });
  }
  const [first] = context.argv;
  if (first === '--version' || first === 'version') {
    context.stdout(`${version}\n`);
    return 0;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    context.stdout(overview());
    return first === undefined ? 2 : 0;
  }
  throw await unknownCommand(first);
}

/** What a failed command says on standard error; only a mistake of ours is not a PillionError, and may quote anything. */
function describeFailure(error: unknown): string {
  if (isPillionError(error)) {
    const hint = error.hint === undefined ? '' : `\n  try: ${error.hint}`;
    // A message that points at a column starts at the margin.
    const gap = error.message.includes('\n') ? '\n' : ' ';
    return `pillion:${gap}${error.message}${hint}\n`;
  }
  return `pillion: internal error: ${error instanceof Error ? error.stack : errorMessage(error)}\n`;
}

/** What is said there quotes files, answers and programs of others, and is never meant for a program. */
function sayer(write: (text: string) => void): (text: string) => void {
  return (text) => write(printableLines(text));
}

/** A program whose reader has gone ends as SIGPIPE would end it, without a word. */
function writerTo(descriptor: number): (text: string) => void {
  return (text) => {
    if (!writeText(descriptor, text)) {
      leave({ signal: 'SIGPIPE' });
    }
  };
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw usageError(
      'the directory that this was started in is gone, or may not be seen',
      'start it in another, such as /',
    );
  }
}

async function start(secrets: Secrets): Promise<ExitStatus> {
  const [, script = 'pillion', ...argv] = process.argv;
  const stderr = sayer(writerTo(2));
  try {
    return await main({
      argv,
      env: process.env,
      get cwd() {
        return workingDirectory();
      },
      startedAs: basename(script),
      secrets,
      stdout: writerTo(1),
      stderr,
    });
  } catch (error) {
    stderr(secrets.redact(describeFailure(error)));
    return isPillionError(error) ? error.exitCode : 1;
  }
}

withdrawMallocSetting(process.env);
start(createSecrets()).then(leave, () => leave(1));
