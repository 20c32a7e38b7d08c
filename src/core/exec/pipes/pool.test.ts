import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makePipes } from './maker.ts';
import { createPipePool, type Pipe } from './pool.ts';

function closeEnds({ readEnd, writeEnd }: Pipe): void {
  closeSync(readEnd);
  closeSync(writeEnd);
}

function countingMaker() {
  const counts: number[] = [];
  const make = (count: number) => {
    counts.push(count);
    return makePipes(count);
  };
  return { counts, make };
}

const fail = (reason: string) => {
  throw new Error(reason);
};

describe('the pool of pipes', () => {
  it('makes pipes once and uses them again', async () => {
    const { counts, make } = countingMaker();
    const pool = createPipePool(fail, make);
    expect(pool.takeNow(2)).toBeUndefined();
    for (let run = 0; run < 50; run += 1) {
      const pipes = pool.takeNow(2) ?? (await pool.take(2)) ?? [];
      expect(pipes).toHaveLength(2);
      pipes.forEach(closeEnds);
      pipes.forEach((pipe) => pool.giveBack(pipe));
    }
    expect(counts).toEqual([2]);
  });

  it('gives each of many that come at once pipes of their own, with few processes', async () => {
    const { counts, make } = countingMaker();
    const pool = createPipePool(fail, make);
    const all = await Promise.all(Array.from({ length: 20 }, () => pool.take(3)));
    const pipes = all.flatMap((each) => each ?? []);
    expect(pipes).toHaveLength(60);
    expect(new Set(pipes.map(({ held }) => held)).size).toBe(60);
    expect(counts.length).toBeLessThanOrEqual(3);
    pipes.forEach(closeEnds);
  });

  it('drops a pipe that a process has kept', async () => {
    const { counts, make } = countingMaker();
    const pool = createPipePool(fail, make);
    const [first] = (await pool.take(1)) ?? [];
    if (first === undefined) {
      throw new Error('no pipe');
    }
    closeSync(first.readEnd);
    pool.giveBack(first); // its write end is still open
    const later = (await pool.take(7)) ?? [];
    expect(later).toHaveLength(7);
    expect(counts).toHaveLength(2);
    later.forEach(closeEnds);
    closeSync(first.writeEnd);
  });

  it('says why it can make none, and tries again after a minute', async () => {
    const reasons: string[] = [];
    let now = 0;
    let tries = 0;
    const pool = createPipePool(
      (reason) => reasons.push(reason),
      () => {
        tries += 1;
        return Promise.reject(new Error('no shell'));
      },
      () => now,
    );
    expect(await Promise.all([pool.take(2), pool.take(3)])).toEqual([undefined, undefined]);
    expect(await pool.take(2)).toBeUndefined();
    expect([tries, reasons]).toEqual([1, ['no shell']]);
    now = 61_000;
    expect(await pool.take(2)).toBeUndefined();
    expect(tries).toBe(2);
  });

  it('does not make more and more where new pipes cannot be opened', async () => {
    const reasons: string[] = [];
    let tries = 0;
    const pool = createPipePool(
      (reason) => reasons.push(reason),
      () => {
        tries += 1;
        return Promise.resolve([]);
      },
    );
    expect(await pool.take(1)).toBeUndefined();
    expect([tries, reasons]).toEqual([1, ['none could be made']]);
  });
});
