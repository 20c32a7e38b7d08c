import type { ChildProcess, StdioNull, StdioPipe } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { createPipePool, type Pipe } from './pipes/pool.ts';

/** Our ends of a child's standard streams. */
export interface ChildStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** What a child gets as its standard streams. */
export interface ChildIo {
  readonly stdio: readonly (StdioNull | StdioPipe | number)[];
  /** Our ends, when the child has started. */
  connect(child: ChildProcess): ChildStreams;
  /** Frees what is still held, in place of `connect` or once the streams are destroyed. */
  release(): void;
}

let problem: string | undefined;
let tell: ((reason: string) => void) | undefined;

/** Calls back once, with the reason, when children get sockets because no pipes can be made. */
export function onPipeProblem(listener: (reason: string) => void): void {
  tell = listener;
  if (problem !== undefined) {
    listener(problem);
  }
}

const pool = createPipePool((reason) => {
  if (problem === undefined) {
    problem = reason;
    tell?.(reason);
  }
});

/**
 * Pipes for the standard streams of a child, so that it can open them by path as under a shell (`> /dev/stdout`);
 * sockets where pipes cannot be had. Without input, stdin is /dev/null.
 */
export async function openChildIo(withInput: boolean): Promise<ChildIo> {
  return openChildIoNow(withInput) ?? pipesOrSockets(withInput, await pool.take(countOf(withInput)));
}

/** The same, or undefined when pipes have to be made first, which takes a process. */
export function openChildIoNow(withInput: boolean): ChildIo | undefined {
  const pipes = pool.takeNow(countOf(withInput));
  return pipes === undefined ? undefined : pipesOrSockets(withInput, pipes);
}

const countOf = (withInput: boolean): number => (withInput ? 3 : 2);

function pipesOrSockets(withInput: boolean, pipes: readonly Pipe[] | undefined): ChildIo {
  const [stdout, stderr, stdin] = pipes ?? [];
  return stdout === undefined || stderr === undefined
    ? socketIo(withInput)
    : pipeIo({ stdout, stderr, stdin });
}

interface Pipes {
  readonly stdin: Pipe | undefined;
  readonly stdout: Pipe;
  readonly stderr: Pipe;
}

function pipeIo({ stdin, stdout, stderr }: Pipes): ChildIo {
  const childEnds = [stdout.writeEnd, stderr.writeEnd, ...(stdin ? [stdin.readEnd] : [])];
  const ownEnds = [stdout.readEnd, stderr.readEnd, ...(stdin ? [stdin.writeEnd] : [])];
  let open = [...childEnds, ...ownEnds];
  return {
    stdio: [stdin?.readEnd ?? 'ignore', stdout.writeEnd, stderr.writeEnd],
    connect() {
      childEnds.forEach((end) => closeSync(end));
      open = []; // a socket closes its own
      return {
        stdin: stdin && new Socket({ fd: stdin.writeEnd, readable: false, writable: true }),
        stdout: new Socket({ fd: stdout.readEnd, readable: true, writable: false }),
        stderr: new Socket({ fd: stderr.readEnd, readable: true, writable: false }),
      };
    },
    release() {
      open.forEach((end) => closeSync(end));
      for (const pipe of [stdout, stderr, stdin]) {
        if (pipe !== undefined) {
          pool.giveBack(pipe);
        }
      }
    },
  };
}

function socketIo(withInput: boolean): ChildIo {
  return {
    stdio: [withInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    connect({ stdin, stdout, stderr }) {
      if (stdout === null || stderr === null) {
        throw new TypeError('a child with pipes has streams');
      }
      return { stdin: stdin ?? undefined, stdout, stderr };
    },
    release() {},
  };
}
