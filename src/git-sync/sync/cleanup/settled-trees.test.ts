import { mkdir, rename, utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { systemClock } from '../../../core/clock.ts';
import { createSettledTrees } from './settled-trees.ts';

const dir = useTempDir();
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

async function setUp() {
  let passedMs = 0;
  await mkdir(dir.join('root/.worktrees'), { recursive: true });
  const age = async () => {
    await utimes(dir.join('root/.worktrees'), LONG_AGO, LONG_AGO);
    await utimes(dir.join('root'), LONG_AGO, LONG_AGO);
  };
  await age();
  const clock = { ...systemClock, monotonic: () => passedMs };
  const trees = createSettledTrees(dir.join('root'), clock);
  const isSettled = async (...needed: string[]) => trees.isSettled(await trees.read(needed));
  const settle = async (...needed: string[]) => trees.settle(await trees.read(needed));
  return { age, isSettled, settle, wait: (ms: number) => (passedMs += ms) };
}

describe('worktrees of which none was unneeded', () => {
  it('are not looked at again while their directories stay as they are', async () => {
    const { isSettled, settle } = await setUp();
    expect(await isSettled('a')).toBe(false);
    await settle('a');
    expect(await isSettled('a')).toBe(true);
  });

  it.each(['root/rev-1', 'root/.worktrees/b'])('are when %s was added', async (added) => {
    const { isSettled, settle } = await setUp();
    await settle('a');
    await mkdir(dir.join(added));
    expect(await isSettled('a')).toBe(false);
    await settle('a'); // too early: another may come in the same tick of the clock
    expect(await isSettled('a')).toBe(false);
  });

  it('are when another one is needed, when a minute has passed, and when the directory is another', async () => {
    const { age, isSettled, settle, wait } = await setUp();
    await settle('a');
    expect(await isSettled('a', 'b')).toBe(false);
    wait(61_000);
    expect(await isSettled('a')).toBe(false);
    await settle('a');
    expect(await isSettled('a')).toBe(true);
    await rename(dir.join('root/.worktrees'), dir.join('moved'));
    await mkdir(dir.join('root/.worktrees'));
    await age();
    expect(await isSettled('a')).toBe(false);
  });

  it('are where there is no root to be read', async () => {
    const { isSettled, settle } = await setUp();
    await rename(dir.join('root'), dir.join('gone'));
    await settle('a');
    expect(await isSettled('a')).toBe(false);
  });
});
