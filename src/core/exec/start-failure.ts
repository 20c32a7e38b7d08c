/** Why a program could not be started. The system's code alone leaves open what of all that it needs is missing. */
import { constants } from 'node:fs';
import { access, lstat, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemErrorCode } from '../errors.ts';
import type { RunOutcome, StartFailure } from './outcome.ts';
import { locateProgram } from './which.ts';

/** What was to be started. */
export interface StartAttempt {
  readonly command: string;
  readonly cwd: string | undefined;
  /** The PATH of the child. */
  readonly path: string | undefined;
  /** The system's error code, or a message. */
  readonly spawnError: string;
}

/** More than any interpreter line that Linux reads. */
const FIRST_LINE_BYTES = 256;
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** Looks for what is missing, by a few reads that wait for nothing. */
export async function explainStartFailure(attempt: StartAttempt): Promise<StartFailure> {
  return (
    (await faultOfDirectory(attempt.cwd)) ??
    (await faultOfProgram(attempt).catch(() => undefined)) ??
    faultOfSystem(attempt.spawnError)
  );
}

/** One sentence about it. `name` is what a reader knows the program as. */
export function describeStartFailure(
  { startFailure, spawnError }: Pick<RunOutcome, 'startFailure' | 'spawnError'>,
  name: string,
  cwd: string | undefined,
): string {
  const what = startFailure?.subject === 'directory' ? `the working directory ${cwd ?? '.'}` : name;
  return `${what} ${startFailure?.problem ?? 'cannot be executed'} (${spawnError ?? 'unknown'})`;
}

/** What an interpreter line with Windows line ends makes of a script; undefined for any other file. */
export async function findWindowsLineEnds(file: string): Promise<StartFailure | undefined> {
  const line = interpreterLine(await readStart(file));
  return line?.endsWith('\r')
    ? {
        subject: 'program',
        problem: `has Windows line ends (CRLF): its first line names the interpreter ${JSON.stringify(line)}`,
        hint: 'save it with Unix line ends; in git, with "text eol=lf" in .gitattributes',
      }
    : undefined;
}

async function faultOfDirectory(cwd: string | undefined): Promise<StartFailure | undefined> {
  if (cwd === undefined) {
    return undefined;
  }
  const subject = 'directory';
  try {
    if (!(await stat(cwd)).isDirectory()) {
      return { subject, problem: 'is not a directory', hint: undefined };
    }
    await access(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    return systemErrorCode(error) === 'EACCES'
      ? { subject, problem: 'may not be entered', hint: 'give the user this runs as access to it' }
      : { subject, problem: 'does not exist', hint: 'create it, or mount a volume there' };
  }
}

async function faultOfProgram(attempt: StartAttempt): Promise<StartFailure | undefined> {
  const { command, spawnError } = attempt;
  if (spawnError !== 'ENOENT' && spawnError !== 'EACCES') {
    return undefined;
  }
  const file = command.includes('/')
    ? resolve(attempt.cwd ?? '.', command)
    : await locateProgram(command, attempt.path);
  if (file === undefined) {
    return program('is not in PATH', `install ${command}, or put its directory into PATH`);
  }
  const status = await stat(file).catch(() => undefined);
  if (status === undefined) {
    const isLink = (await lstat(file).catch(() => undefined))?.isSymbolicLink() === true;
    return program(isLink ? 'is a link to nothing' : 'does not exist', 'check the path');
  }
  if (!status.isFile()) {
    return program('is not a file', 'check the path');
  }
  if ((status.mode & 0o111) === 0) {
    return program('has no run bit', 'chmod +x; in git: git update-index --chmod=+x');
  }
  return (await findWindowsLineEnds(file)) ?? (await faultOfInterpreter(file));
}

async function faultOfInterpreter(file: string): Promise<StartFailure | undefined> {
  const start = await readStart(file);
  const [interpreter] = interpreterLine(start)?.split(/[ \t]/, 1) ?? [];
  if (interpreter === undefined) {
    return start?.subarray(0, ELF.length).equals(ELF)
      ? program(
          'needs a loader or a library that is not here',
          'it was built for another system (glibc or musl, another processor): take one built for this image',
        )
      : undefined;
  }
  const why = await access(interpreter, constants.X_OK).then(
    () => undefined,
    (error: unknown) => (systemErrorCode(error) === 'EACCES' ? 'may not be executed' : 'does not exist'),
  );
  return why && program(`needs the interpreter ${interpreter}, which ${why}`, 'install it, or name another');
}

function faultOfSystem(spawnError: string): StartFailure {
  switch (spawnError) {
    case 'ENOENT':
      return program('does not exist, or something that it needs', undefined);
    case 'EACCES':
      return program(
        'may not be executed',
        'give the user this runs as the right to execute it; its volume may be mounted with noexec',
      );
    case 'E2BIG':
      return program('gets too long arguments or too large an environment', undefined);
    case 'ETXTBSY':
      return program('is being written by somebody', undefined);
    case 'EAGAIN':
      return program('is one process too many for this user or container', 'raise the limit of processes');
    default:
      return program(`cannot be executed: ${spawnError}`, undefined);
  }
}

function program(problem: string, hint: string | undefined): StartFailure {
  return { subject: 'program', problem, hint };
}

/** What follows `#!`; undefined for a file that does not begin with it. */
function interpreterLine(start: Buffer | undefined): string | undefined {
  const [line = ''] = start?.toString('latin1').split('\n', 1) ?? [];
  return line.startsWith('#!') ? line.slice(2).trimStart() : undefined;
}

/** The first bytes of a regular file; a FIFO in its place is not waited for. */
async function readStart(file: string): Promise<Buffer | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) {
    return undefined;
  }
  try {
    if (!(await handle.stat()).isFile()) {
      return undefined;
    }
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
}
