import { mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { isOnVolume } from './on-volume.ts';

const temp = useTempDir();

describe('what is on a volume', () => {
  it.each([
    ['data', true],
    ['data/repository', true],
    ['data/..repository', true],
    ['data/a/../../data2', false],
    ['data2', false],
    ['.', false],
    ['link', true],
    ['link/repository', true],
    ['data/out/repository', false],
  ])('%s: %s', (path, expected) => {
    mkdirSync(temp.join('data'));
    mkdirSync(temp.join('elsewhere'));
    symlinkSync('data', temp.join('link'));
    symlinkSync('../elsewhere', temp.join('data/out'));
    expect(isOnVolume(temp.join('data'), temp.join(path))).toBe(expected);
  });

  it('holds for a volume that is not there, and for one that is a link', () => {
    expect(isOnVolume(temp.join('none'), temp.join('none/repository'))).toBe(true);
    mkdirSync(temp.join('data'));
    symlinkSync('data', temp.join('link'));
    expect(isOnVolume(temp.join('link'), temp.join('data/repository'))).toBe(true);
  });
});
