import { closeSync, constants, fchmodSync, openSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claimPipe, type PipeEnds } from './claim.ts';
import { makePipes } from './maker.ts';

async function onePipe(): Promise<number> {
  const pipes = await makePipes(1);
  onTestFinished(() => pipes.forEach((pipe) => closeSync(pipe)));
  return pipes[0] ?? -1;
}

function claimed(held: number): PipeEnds {
  const ends = claimPipe(held);
  if (ends === undefined) {
    throw new Error('the pipe is in use');
  }
  return ends;
}

const close = ({ readEnd, writeEnd }: PipeEnds): void => {
  closeSync(readEnd);
  closeSync(writeEnd);
};

describe('makePipes', () => {
  it.each([1, 8, 30])('makes %i different pipes or more', async (count) => {
    const pipes = await makePipes(count);
    expect(pipes.length).toBeGreaterThanOrEqual(count);
    const ends = pipes.map(claimed);
    ends.forEach(({ writeEnd }, index) => writeSync(writeEnd, `pipe ${index}`));
    const read = ends.map(({ readEnd }) => {
      const buffer = Buffer.alloc(20);
      return buffer.toString('utf8', 0, readSync(readEnd, buffer));
    });
    expect(read).toEqual(pipes.map((_, index) => `pipe ${index}`));
    ends.forEach(close);
    pipes.forEach((pipe) => closeSync(pipe));
  });
});

describe('claimPipe', () => {
  it('gives an empty pipe again and again, whatever was left in it', async () => {
    const pipe = await onePipe();
    for (let round = 0; round < 3; round += 1) {
      const ends = claimed(pipe);
      writeSync(ends.writeEnd, 'left over');
      close(ends);
    }
    close(claimed(pipe));
  });

  it('refuses a pipe that somebody may still write into', async () => {
    const pipe = await onePipe();
    const { readEnd, writeEnd } = claimed(pipe);
    closeSync(readEnd);
    expect(claimPipe(pipe)).toBeUndefined();
    writeSync(openSync(`/proc/self/fd/${pipe}`, constants.O_RDWR), 'x');
    expect(claimPipe(pipe)).toBeUndefined();
    closeSync(writeEnd);
  });

  it('refuses a pipe that somebody may still read', async () => {
    const pipe = await onePipe();
    const { readEnd, writeEnd } = claimed(pipe);
    closeSync(writeEnd);
    expect(claimPipe(pipe)).toBeUndefined();
    closeSync(readEnd);
  });

  it('refuses a pipe that a program has opened for other users', async () => {
    const pipe = await onePipe();
    const ends = claimed(pipe);
    fchmodSync(ends.writeEnd, 0o622);
    close(ends);
    expect(claimPipe(pipe)).toBeUndefined();
  });
});
