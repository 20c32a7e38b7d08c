import type { Duplex } from 'node:stream';

/** How to run a program. All durations are milliseconds; an absent limit (or `Infinity`) is no limit. */
export interface RunOptions {
  readonly cwd?: string | undefined;
  /** The complete environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * What the child reads; without it, /dev/null. A child that does not read it all is no error. A function writes it piece
   * by piece, and the input ends with it; if it rejects, the run ends and throws the same.
   */
  readonly stdin?: string | Uint8Array | InputWriter | undefined;
  /** Limit for the whole run. */
  readonly timeoutMs?: number | undefined;
  /** From SIGTERM to SIGKILL. Default 1000. */
  readonly graceMs?: number | undefined;
  /** Kept per stream; when there is more, the tail is kept. Default 1 MiB. */
  readonly maxOutputBytes?: number | undefined;
  /** Aborting ends the whole process group: SIGTERM, then SIGKILL after the grace. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Sees every byte, also what the result no longer holds. Until a promise it returns is resolved, nothing more of that
   * stream is read: the program waits at its full pipe. If it throws or rejects, the run ends and throws the same.
   */
  readonly onOutput?: ((stream: OutputStream, chunk: Buffer) => void | Promise<void>) | undefined;
  /**
   * The run lasts until its output has been closed by everything that holds it, and not only until the program itself
   * has ended; limits and `signal` hold as long. Default false.
   */
  readonly untilOutputEnds?: boolean | undefined;
  /** Kill what remains of the process group once the program itself has ended. Default true. */
  readonly killGroupAfterExit?: boolean | undefined;
  /**
   * The child has a socket as descriptor 3, and this gets our end of it once the child has started. Each side may end its
   * half by itself; ours is gone when the run settles.
   */
  readonly onChannel?: ((socket: Duplex) => void) | undefined;
  /** Called with the child's pid, which is also the id of its process group. */
  readonly onSpawn?: ((pid: number) => void) | undefined;
}

/**
 * Writes a child's input. `write` resolves when the bytes are out of our hands, so that their buffer may be used again; it
 * rejects once the child reads no more, which is no error of the run when it is passed on.
 */
export type InputWriter = (write: (bytes: string | Uint8Array) => Promise<void>) => Promise<void>;

interface Output {
  /** Decoded as UTF-8; the tail when truncated, starting at a whole character. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  readonly durationMs: number;
}

/** A program that ended by itself with exit code 0. */
export interface RunResult extends Output {
  readonly exitCode: 0;
}

/** What of all that a start needs is missing. */
export interface StartFailure {
  /** What is at fault: the program (or its interpreter), or the working directory. */
  readonly subject: 'program' | 'directory';
  /** What is wrong with it, to follow its name: `does not exist`. */
  readonly problem: string;
  readonly hint: string | undefined;
}

/** However a run ended. */
export interface RunOutcome extends Output {
  /** Absent when the program was ended by a signal, never started, or did not die. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** The limit ended the run. A program may still have exited with 0 after its SIGTERM. */
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** Why the program could not be started: the system's error code (ENOENT, EACCES, ...) or a message. */
  readonly spawnError?: string | undefined;
  /** What of all that a start needs is missing; there whenever `spawnError` is. */
  readonly startFailure?: StartFailure | undefined;
}

export type OutputStream = 'stdout' | 'stderr';
