import { expect, it } from 'vitest';
import { codesIn, errorCodes } from './error-codes.ts';

it('an error code is found where it is thrown, with its hint when that is a plain text', () => {
  const text = `
    throw new PillionError({
      code: 'with_hint',
      message: \`cannot use \${path}: \${JSON.stringify(why)}\`,
      hint: 'mount it',
    });
    throw new PillionError({ code: 'without', message: \`no answer from \${host}\`, hint: hint ?? HINTS[reason] });
    throw new PillionError({ code: 'last', message, hint: 'wait' });
  `;
  expect(codesIn(text)).toEqual([
    { code: 'with_hint', hint: 'mount it' },
    { code: 'without', hint: undefined },
    { code: 'last', hint: 'wait' },
  ]);
});

it('the codes that end a start of git-sync are in its list, each once', () => {
  const codes = errorCodes(['src/git-sync', 'src/git']).map(({ code }) => code);
  const known = ['bind_failed', 'git_missing', 'password_file_unreadable', 'root_not_writable', 'usage'];
  expect(codes).toEqual(expect.arrayContaining(known));
  expect(new Set(codes).size).toBe(codes.length);
});
