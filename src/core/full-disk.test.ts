import { describe, expect, it } from 'vitest';
import { FILE_ERRORS, fileError } from './files.ts';
import { FULL_DISK_WORDS, isFullDisk } from './full-disk.ts';
import { outputError } from './write-text.ts';

const systemError = (code: string) => Object.assign(new Error(`${code}: it failed, write`), { code });

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT'])('is known by the code of the system: %s', (code) => {
    const error = systemError(code);
    expect([error, fileError(FILE_ERRORS.write_failed, '/x', error)].map(isFullDisk)).toEqual([true, true]);
  });

  it.each([systemError('EACCES'), new Error('ENOSPC'), undefined, 'ENOSPC'])('is not %s', (error) => {
    expect(isFullDisk(error)).toBe(false);
    expect(isFullDisk(fileError(FILE_ERRORS.write_failed, '/x', error))).toBe(false);
  });

  it.each([
    'fatal: write error: No space left on device',
    'ENOSPC: no space left on device, write',
    'open /x: disk quota exceeded',
    'error: Out of diskspace',
    'failed (EDQUOT)',
  ])('is known by the words of programs: %s', (words) => {
    expect(words).toMatch(FULL_DISK_WORDS);
  });

  it.each(['there is space left', 'rate quota exceeded', 'XENOSPCX'])('is not said by %s', (words) => {
    expect(words).not.toMatch(FULL_DISK_WORDS);
  });

  it('is told with what to try, of a file and of what a command prints', () => {
    const errors = [
      fileError(FILE_ERRORS.write_failed, '/x', systemError('ENOSPC')),
      outputError(1, systemError('EDQUOT')),
    ];
    expect(errors.map(({ hint }) => hint)).toEqual([
      'free space or give the volume more; the former content still stands',
      'raise the quota or free space where it goes, and run it again: what has arrived there is not all',
    ]);
  });
});
