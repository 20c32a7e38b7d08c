/** What hostile servers say through git. PILLION_FUZZ_RUNS makes more of it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPillionError } from '../core/errors.ts';
import { ExecError } from '../core/exec/exec-error.ts';
import { fuzz, fuzzTimeout } from '../core/testing/fuzz.ts';
import { expectLinear, pumped } from '../core/testing/linear.ts';
import { diagnose, GIT_ERRORS, gitError } from './errors.ts';

const RUNS = 1000;

/** The words that tell a code, and what comes between them. */
const WORDS = [
  "fatal: couldn't find remote ref ",
  'HEAD',
  "Unable to create '",
  ".lock': File exists",
  'No ',
  ' host key is known',
  'Load key ',
  ': Permission denied',
  'remote: ',
  'repository ',
  ' not found',
  "transport '",
  "' not allowed",
  'packfile ',
  ' does not match',
  'returned error: ',
  '404',
  '503',
  'Authentication failed',
  'No space left on device',
  '\n',
  '\r',
  '\u2028',
  '\0',
  '\u001b[2J',
  ' ',
  '"',
];
const said = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ maxLength: 20 })), {
    maxLength: 30,
  })
  .map((words) => words.join(''));

const failed = (stderr: string) =>
  gitError(
    new ExecError('git', ['fetch'], {
      exitCode: 128,
      signal: undefined,
      stdout: '',
      stderr,
      timedOut: false,
      aborted: false,
      durationMs: 1,
      stdoutTruncated: false,
      stderrTruncated: false,
    }),
  );

describe("git's standard error", () => {
  it(
    'is a code that is known or none, by its own lines alone, and one line without control characters',
    () => {
      fc.assert(
        fc.property(said, (text) => {
          const code = diagnose(text);
          expect(code === undefined || code in GIT_ERRORS).toBe(true);
          expect(diagnose(`${text}\nwarning: nothing of note\n`)).toBe(code);
          const error = failed(text);
          expect(isPillionError(error) && error.code).toBe(code ?? 'git_failed');
          // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
          expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/);
        }),
        fuzz(RUNS),
      );
    },
    fuzzTimeout(RUNS),
  );

  it.each([...WORDS.slice(0, -6), 'a', '\n', ' \n'])('of a mebibyte of %j is read in time', (piece) => {
    expectLinear(diagnose, pumped('', piece));
    expectLinear(diagnose, pumped('', piece, '\nfatal: it did not work'));
  });
});
