import { expect } from 'vitest';

const MEBIBYTE = 1024 * 1024;
/** For 1 MiB of the worst input there is; a quadratic function needs minutes. */
const LIMIT_MS = 50;
/** Other work on the machine slows a single measurement down. */
const TRIES = 5;
/** So many times the limit is not the fault of other work. */
const HOPELESS = 5;
/** What it takes an idle machine to add up the characters of 1 MiB. */
const USUAL_MS = 2;

export interface LinearOptions {
  /** Length of the longest input, in characters. Default 1 MiB. */
  readonly length?: number;
  /** Processor time for it, milliseconds. Default 50. */
  readonly limitMs?: number;
}

/**
 * Expects `run` to be done with an input of 1 MiB within 50 ms of processor time. `makeInput` makes the worst input of
 * about a given length. Shorter inputs come first, so that a quadratic function fails in time and not after hours.
 */
export function expectLinear<T>(
  run: (input: T) => unknown,
  makeInput: (length: number) => T,
  { length = MEBIBYTE, limitMs = LIMIT_MS }: LinearOptions = {},
): void {
  for (const part of [64, 16, 4, 1]) {
    const size = Math.floor(length / part);
    const input = makeInput(size);
    expect(bestTime(run, input, limitMs), `processor time in ms for ${size} characters`).toBeLessThan(
      limitMs,
    );
  }
}

/** The shortest of some measurements; one that is short enough, or hopeless, is enough. */
function bestTime<T>(run: (input: T) => unknown, input: T, limitMs: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && best >= limitMs; tries += 1) {
    const ms = timeOf(() => run(input)) / slowness();
    best = Math.min(best, ms);
    if (ms > HOPELESS * limitMs) {
      break;
    }
  }
  return best;
}

function timeOf(work: () => unknown): number {
  const elapsed = startProcessorTimer();
  work();
  return elapsed();
}

/**
 * Starts to count the processor time of this process; the function it returns tells the milliseconds since then. For
 * limits on what work may cost: time on the wall also passes while other processes have the processor.
 */
export function startProcessorTimer(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

/** How much slower than usual the processor is at the moment, because others use its caches and its twin: 1 or more. */
function slowness(): number {
  const text = 'calibration '.repeat(MEBIBYTE / 12);
  return Math.max(1, timeOf(() => sumOf(text)) / USUAL_MS);
}

function sumOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) {
    sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  }
  return sum;
}

/** Text of about `length` characters: a prefix once, then a piece again and again, then an end. */
export function pumped(prefix: string, piece: string, end = ''): (length: number) => string {
  return (length) => prefix + piece.repeat(Math.ceil(length / piece.length)) + end;
}
