/** What a process takes, and whether it grows. */
import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

export interface Figures {
  readonly residentKib: number;
  readonly descriptors: number;
  readonly threads: number;
}

export async function figuresOf(pid: number): Promise<Figures> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const samples: number[] = [];
  for (let sample = 0; sample < 20; sample += 1) {
    samples.push((await readdir(`/proc/${pid}/fd`)).length);
    await delay(50);
  }
  return { residentKib: number('VmRSS'), descriptors: Math.min(...samples), threads: number('Threads') };
}

export function processIsThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** From the first half to the second, without the first two samples. */
export function growthOf<T>(figures: readonly T[], read: (figure: T) => number): number {
  const rest = figures.slice(Math.min(2, figures.length - 1));
  const half = Math.floor(rest.length / 2);
  return median(rest.slice(half).map(read)) - median(rest.slice(0, Math.max(1, half)).map(read));
}

/** What of a growth is too much; undefined where nothing is. */
export function excess(figures: readonly Figures[]): string | undefined {
  const grown = {
    residentKib: growthOf(figures, (figure) => figure.residentKib),
    descriptors: growthOf(figures, (figure) => figure.descriptors),
    threads: growthOf(figures, (figure) => figure.threads),
  };
  console.log(JSON.stringify({ grown }));
  const isTooMuch = grown.residentKib > 8 * 1024 || grown.descriptors > 2 || grown.threads > 1;
  return isTooMuch ? `it grows: ${JSON.stringify(grown)}` : undefined;
}
