import { describe, expect, it } from 'vitest';
import { defineErrors, isPillionError, PillionError, systemErrorCode, usageError } from './errors.ts';

const ERRORS = defineErrors({
  file_gone: {
    message: ({ path }: { path: string }) => `there is no ${path}`,
    hint: ({ mounted }: { mounted: boolean }) => (mounted ? undefined : 'mount it'),
    about: 'a file is not there',
    exitCode: 2,
  },
  all_fixed: { message: 'it broke', hint: 'mend it' },
});

describe('defineErrors', () => {
  it('makes an error of a row, its parameters and the details of the occurrence', () => {
    const cause = new Error('ENOENT');
    const error = ERRORS.file_gone({ path: '/x', mounted: false }, { cause, facts: { path: '/x' } });
    expect(error).toBeInstanceOf(PillionError);
    expect(error).toMatchObject({
      code: 'file_gone',
      message: 'there is no /x',
      hint: 'mount it',
      exitCode: 2,
      facts: { path: '/x' },
      cause,
    });
    expect(ERRORS.file_gone({ path: '/x', mounted: true }).hint).toBeUndefined();
  });

  it('takes only details where all texts of a row are fixed', () => {
    const error = ERRORS.all_fixed({ facts: { tries: 3 } });
    expect(error).toMatchObject({ message: 'it broke', hint: 'mend it', exitCode: 1, facts: { tries: 3 } });
    expect(ERRORS.all_fixed().facts).toEqual({});
  });

  it('does not compile with parameters that the row does not take', () => {
    // @ts-expect-error -- `path` is missing
    expect(ERRORS.file_gone({ mounted: true }).message).toContain('undefined');
    // @ts-expect-error -- no row has this code
    expect(ERRORS.other).toBeUndefined();
  });

  it('recognises its errors by code, also those of another bundle, which has a class of its own', () => {
    const error = ERRORS.all_fixed();
    const { name, message, code, hint, facts, exitCode } = error;
    const foreign = Object.assign(new Error(message), { name, code, hint, facts, exitCode });
    expect(ERRORS.all_fixed.matches(error)).toBe(true);
    expect(ERRORS.all_fixed.matches(foreign)).toBe(true);
    expect(ERRORS.file_gone.matches(error)).toBe(false);
    expect(ERRORS.all_fixed.matches(Object.assign(new Error(), { code: 'all_fixed' }))).toBe(false);
    expect(ERRORS.all_fixed.matches(undefined)).toBe(false);
  });

  it('offers a row as data for the constructor of a subclass', () => {
    expect(ERRORS.all_fixed.init({ facts: { a: 1 } })).toEqual({
      code: 'all_fixed',
      message: 'it broke',
      hint: 'mend it',
      exitCode: undefined,
      facts: { a: 1 },
    });
  });
});

it('a usage error ends the process with 2', () => {
  expect(usageError('unknown flag', 'did you mean --root?')).toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: 'unknown flag',
    hint: 'did you mean --root?',
  });
});

it("a system error is none of the project's, and the other way round", () => {
  const system = Object.assign(new Error('no'), { code: 'ENOENT' });
  expect(systemErrorCode(system)).toBe('ENOENT');
  expect(isPillionError(system)).toBe(false);
  expect(systemErrorCode(ERRORS.all_fixed())).toBeUndefined();
});
