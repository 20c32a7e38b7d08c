import { describe, expect, it } from 'vitest';
import { blockFor } from './fixtures/fixtures.ts';
import { paced } from './paced.ts';

/** Counts how many slices were handed out since other work last had its turn. */
function turnCounter(): { count(): void; most(): number; stop(): void } {
  let since = 0;
  let most = 0;
  let goesOn = true;
  const turn = () => {
    since = 0;
    if (goesOn) {
      setImmediate(turn);
    }
  };
  setImmediate(turn);
  return {
    count() {
      since += 1;
      most = Math.max(most, since);
    },
    most: () => most,
    stop() {
      goesOn = false;
    },
  };
}

describe('paced', () => {
  it('hands out a small chunk at once', () => {
    const seen: string[] = [];
    expect(paced(Buffer.from('a line\n'), (slice) => seen.push(String(slice)))).toBeUndefined();
    expect(seen).toEqual(['a line\n']);
  });

  it('hands out every byte of a large one, in order', async () => {
    const chunk = Buffer.from(Array.from({ length: 65_536 }, (_, index) => index % 251));
    const seen: Buffer[] = [];
    await paced(chunk, (slice) => seen.push(slice));
    expect(Buffer.concat(seen)).toEqual(chunk);
  });

  it('lets other work have its turn after a few milliseconds, however many consumers there are', async () => {
    const turns = turnCounter();
    const consume = () => {
      blockFor(6); // a slice that takes longer than a turn: one a turn
      turns.count();
    };
    await Promise.all(Array.from({ length: 10 }, async () => await paced(Buffer.alloc(1024), consume)));
    turns.stop();
    expect(turns.most()).toBe(1);
  });

  it('waits for a consumer that is not ready before it hands out the next slice', async () => {
    const seen: string[] = [];
    const slow = async (slice: Buffer) => {
      seen.push(`begin ${slice.length}`);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      seen.push('end');
    };
    await paced(Buffer.alloc(300), slow);
    await paced(Buffer.alloc(1), slow);
    expect(seen).toEqual(['begin 256', 'end', 'begin 44', 'end', 'begin 1', 'end']);
  });

  it('fails with what the consumer throws', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    await expect(paced(Buffer.alloc(1024), broken)).rejects.toThrow('broken');
  });
});
