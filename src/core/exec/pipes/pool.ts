import { closeSync } from 'node:fs';
import { errorMessage } from '../../errors.ts';
import { monotonicMs } from '../../monotonic.ts';
import { claimPipe, type PipeEnds } from './claim.ts';
import { makePipes } from './maker.ts';

export interface Pipe extends PipeEnds {
  /** The O_PATH descriptor that outlives the ends. */
  readonly held: number;
}

export interface PipePool {
  /** As many pipes, or undefined when they have to be made first: no process is started for those of earlier runs. */
  takeNow(count: number): readonly Pipe[] | undefined;
  /** As many pipes, or undefined where none can be made. */
  take(count: number): Promise<readonly Pipe[] | undefined>;
  /** Takes a pipe back whose ends were closed here; a process may still have it open. */
  giveBack(pipe: Pipe): void;
}

/** Pipes kept for later runs: as many as 32 programs at a time need. */
const MAX_IDLE = 64;
const MAX_MADE_AT_ONCE = 256;
/** How long to do without after a failure to make some, in milliseconds. */
const PAUSE_AFTER_FAILURE_MS = 60_000;

/** Pipes for children: those of ended children are used again, others are made when they are needed. */
export function createPipePool(
  onProblem: (reason: string) => void,
  make: (count: number) => Promise<readonly number[]> = makePipes,
  monotonic: () => number = monotonicMs,
): PipePool {
  const idle: number[] = [];
  let wanted = 0;
  let making: Promise<void> | undefined;
  let failedUntil = 0;

  function claimIdle(): Pipe | undefined {
    for (let held = idle.pop(); held !== undefined; held = idle.pop()) {
      const ends = tryClaim(held);
      if (ends !== undefined) {
        return { held, ...ends };
      }
      closeSync(held);
    }
    return undefined;
  }

  function takeNow(count: number): Pipe[] | undefined {
    const pipes: Pipe[] = [];
    while (pipes.length < count) {
      const pipe = claimIdle();
      if (pipe === undefined) {
        pipes.forEach(closeEnds);
        idle.push(...pipes.map(({ held }) => held));
        return undefined;
      }
      pipes.push(pipe);
    }
    return pipes;
  }

  async function makeMore(): Promise<void> {
    try {
      const made = await make(Math.min(wanted, MAX_MADE_AT_ONCE));
      if (made.length === 0) {
        throw new Error('none could be made');
      }
      idle.push(...made);
      made.forEach(prove);
    } catch (error) {
      failedUntil = monotonic() + PAUSE_AFTER_FAILURE_MS;
      onProblem(errorMessage(error));
    } finally {
      making = undefined;
    }
  }

  async function take(count: number): Promise<readonly Pipe[] | undefined> {
    for (;;) {
      const pipes = takeNow(count);
      if (pipes !== undefined || monotonic() < failedUntil) {
        return pipes;
      }
      wanted += count;
      making ??= makeMore();
      await making;
      wanted -= count;
    }
  }

  return {
    takeNow,
    take,
    giveBack({ held }) {
      if (idle.length < MAX_IDLE) {
        idle.push(held);
      } else {
        closeSync(held);
      }
    },
  };
}

/** A new pipe that cannot be claimed means that no other can: without this, more and more would be made. */
function prove(held: number): void {
  const ends = claimPipe(held);
  if (ends === undefined) {
    throw new Error('a new pipe cannot be opened');
  }
  closeEnds(ends);
}

/** A pipe that cannot be opened is as good as one in use: what is short shows where the next is made. */
function tryClaim(held: number): PipeEnds | undefined {
  try {
    return claimPipe(held);
  } catch {
    return undefined;
  }
}

function closeEnds({ readEnd, writeEnd }: PipeEnds): void {
  closeSync(readEnd);
  closeSync(writeEnd);
}
