import { describe, expect, it } from 'vitest';
import { errorMessage } from '../errors.ts';
import { displayCommand, lastLine } from './display.ts';
import { ExecError } from './exec-error.ts';
import { ENV } from './fixtures/fixtures.ts';
import type { RunOutcome } from './outcome.ts';
import { run } from './run.ts';

const OUTCOME: RunOutcome = {
  exitCode: 128,
  signal: undefined,
  timedOut: false,
  aborted: false,
  stdout: '',
  stderr: 'hint: something\nfatal: no such ref\n\n',
  stdoutTruncated: false,
  stderrTruncated: false,
  durationMs: 1234,
};

describe('ExecError', () => {
  it('says what was run, how it ended and what it said last, and carries the facts', () => {
    const error = new ExecError('git', ['fetch', 'origin'], OUTCOME);
    expect(error.message).toBe('git fetch origin: failed with exit code 128: fatal: no such ref');
    expect(error.code).toBe('exec_failed');
    expect(error.facts).toMatchObject({ exitCode: 128, timedOut: false, durationMs: 1234 });
  });

  it('names a signal that somebody else sent', () => {
    const error = new ExecError('git', ['gc'], { ...OUTCOME, exitCode: undefined, signal: 'SIGKILL' });
    expect(error.message).toContain('ended by SIGKILL after 1.2 s');
  });

  it('keeps its message on one line whatever the program wrote', async () => {
    const script = 'printf "first\\nsecond \\033[31mred\\007\\r\\n\\n" >&2; exit 1';
    const error = await run('sh', ['-c', script], { env: ENV }).catch((thrown: unknown) => thrown);
    expect(errorMessage(error)).toMatch(/^[^\p{Cc}]*second {2}\[31mred$/u);
  });
});

describe('displayCommand', () => {
  it('quotes what a shell would not take as it is', () => {
    expect(displayCommand('git', ['-c', 'a=b c', "it's", '', 'x;y'])).toBe(
      `git -c 'a=b c' 'it'\\''s' '' 'x;y'`,
    );
  });

  it('shows control characters', () => {
    expect(displayCommand('echo', ['a\nb\\'])).toBe(`echo $'a\\u000ab\\\\'`);
  });

  it('shortens a long command', () => {
    expect(displayCommand('echo', ['x'.repeat(5000)]).length).toBeLessThan(500);
  });
});

describe('lastLine', () => {
  it('is empty for a text without one', () => {
    expect(lastLine('')).toBe('');
    expect(lastLine(' \n\t\n')).toBe('');
  });
});
