import { describe, expect, it } from 'vitest';
import type { RepositoryState } from '../model.ts';
import { refusalBySize, refusalByState } from './guards.ts';

const settings = { maxShrink: 50, allowShrink: false, allowUnmarked: false };
const good = { recovered: { kind: 'nothing' }, isEmpty: false, isMarked: true } as const;
const has = (files?: number, bytes?: number): RepositoryState => ({
  kind: 'HAS',
  damaged: [],
  snapshots: [{ id: 'a', time: 1000, files, bytes }],
});
const none: RepositoryState = { kind: 'NONE' };

describe('a volume is stored', () => {
  it('when it is complete', () => {
    expect(refusalByState(good, has(), 2000, settings)).toBeUndefined();
    expect(refusalByState({ ...good, isMarked: false }, none, 2000, settings)).toBeUndefined();
    expect(
      refusalByState({ ...good, isMarked: false }, has(), 2000, { ...settings, allowUnmarked: true }),
    ).toBeUndefined();
  });

  it('when it has not lost too much', () => {
    expect(refusalBySize({ files: 50, bytes: 500 }, has(100, 1000), settings)).toBeUndefined();
    expect(refusalBySize({ files: 1, bytes: 0 }, none, settings)).toBeUndefined();
    expect(refusalBySize({ files: 1, bytes: 1 }, has(undefined, undefined), settings)).toBeUndefined();
    expect(
      refusalBySize({ files: 1, bytes: 1 }, has(100, 1000), { ...settings, maxShrink: 100 }),
    ).toBeUndefined();
    expect(
      refusalBySize({ files: 1, bytes: 1 }, has(100, 1000), { ...settings, allowShrink: true }),
    ).toBeUndefined();
  });
});

describe('a volume is not stored', () => {
  it.each([
    [
      'half restored',
      { ...good, recovered: { kind: 'staging', snapshot: { id: 'a', time: 1 } } } as const,
      2000,
      'interrupted',
    ],
    ['empty', { ...good, isEmpty: true }, 2000, 'is empty'],
    ['never looked at', { ...good, isMarked: false }, 2000, 'never looked at'],
    ['read by a clock that was set back', good, 999, 'the clock is 1 s behind'],
  ])('when it is %s', (_, facts, now, why) => {
    expect(refusalByState(facts, has(), now, settings)?.why).toContain(why);
  });

  it('when it is empty, though there is no history yet', () => {
    expect(refusalByState({ ...good, isEmpty: true }, none, 2000, settings)?.why).toBe('the volume is empty');
    expect(refusalBySize({ files: 0, bytes: 0 }, none, { ...settings, allowShrink: true })?.why).toContain(
      'no files',
    );
  });

  it.each([
    [{ files: 49, bytes: 1000 }, '49 files, and had 100 at the last backup: 51 % less'],
    [{ files: 100, bytes: 100 }, '100 bytes, and had 1000 at the last backup: 90 % less'],
  ])('when it shrank to %j', (now, why) => {
    expect(refusalBySize(now, has(100, 1000), settings)?.why).toBe(`the volume has ${why}`);
  });

  it('is measured by the last snapshot that is whole', () => {
    const repository: RepositoryState = {
      kind: 'HAS',
      damaged: [],
      snapshots: [
        { id: 'b', time: 2, files: 1, bytes: 1, isPartial: true },
        { id: 'a', time: 1, files: 100, bytes: 1000 },
      ],
    };
    expect(refusalBySize({ files: 2, bytes: 2 }, repository, settings)).toBeDefined();
  });
});
