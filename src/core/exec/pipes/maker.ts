/**
 * Makes pipes, which Node cannot: its own "pipes" to children are sockets, and a socket cannot be opened by path, so
 * that `> /dev/stdout` or `tee /dev/stderr` in a child would fail with ENXIO. A shell makes pipes for its command
 * substitutions; they are picked up from its descriptor table in /proc. FIFOs with a name would do but for one thing:
 * opening one whose other end has been closed waits for ever, and `cat /dev/stdin` comes late.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { startTimer } from '../../timer.ts';

const SHELL = '/bin/sh';
/** Shells take only one digit before `>`. */
const PIPE_DESCRIPTORS: readonly number[] = [3, 4, 5, 6, 7, 8, 9];
/** How long a shell may take for all its rounds, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** Linux: holds on to a file without opening it. Node has no constant for it. */
const O_PATH = 0o10000000;

/**
 * A round begins with a line on stdin. The innermost of the nested substitutions has the write ends of all their pipes;
 * it says its process id on stderr and lives until the next line. The end of stdin ends everything.
 */
const SCRIPT = `while read -r x; do ${PIPE_DESCRIPTORS.reduceRight(
  (inner, descriptor) => `x=$(exec ${descriptor}>&1; ${inner})`,
  'read -r p x </proc/self/stat; echo "$p" >&2; read -r x',
)}; done`;

/**
 * Makes at least `count` pipes. Each is given as a descriptor that holds on to it without being an end of it (O_PATH):
 * opened through /proc/self/fd it gives read and write ends, and when all of those are closed it is an empty pipe again.
 * @throws Error when there is no shell, no /proc, or the shell does not use pipes
 */
export async function makePipes(count: number): Promise<number[]> {
  const pipes: number[] = [];
  const shell = spawn(SHELL, ['-c', SCRIPT], {
    cwd: '/',
    env: {},
    detached: true, // a Ctrl-C in a terminal is not meant for it
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const timer = startTimer(TIMEOUT_MS, () => shell.kill('SIGKILL'));
  const closed = new Promise<void>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', resolve); // every process of the rounds has ended: nobody has an end of a pipe any more
  });
  try {
    driveRounds(shell.stdin, shell.stderr, (pid) => {
      const made = pickUp(pid);
      pipes.push(...made);
      return made.length > 0 && pipes.length < count;
    });
    await closed;
    if (pipes.length < count) {
      throw new Error(`${SHELL} made ${pipes.length} of ${count} pipes`);
    }
    return pipes;
  } catch (error) {
    pipes.forEach((pipe) => closeSync(pipe));
    throw error;
  } finally {
    timer.cancel();
  }
}

/** Begins a round, and another after each that is answered with true. */
function driveRounds(stdin: Writable, stderr: Readable, onRound: (pid: number) => boolean): void {
  let said = '';
  stdin.on('error', ignore); // what went wrong shows in the number of pipes
  stderr.on('error', ignore);
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (!said.endsWith('\n')) {
      return;
    }
    const wantsMore = onRound(Number.parseInt(said, 10));
    said = '';
    if (wantsMore) {
      stdin.write('\n\n'); // the end of this round, the beginning of the next
    } else {
      stdin.end();
    }
  });
  stdin.write('\n');
}

/** None where something is not as expected: no /proc, another user's process, a shell that uses files instead. */
function pickUp(pid: number): number[] {
  const pipes: number[] = [];
  try {
    for (const descriptor of PIPE_DESCRIPTORS) {
      const pipe = openSync(`/proc/${pid}/fd/${descriptor}`, O_PATH);
      pipes.push(pipe);
      if (!fstatSync(pipe).isFIFO()) {
        throw new Error('not a pipe');
      }
    }
    return pipes;
  } catch {
    pipes.forEach((pipe) => closeSync(pipe));
    return [];
  }
}

function ignore(): void {}
