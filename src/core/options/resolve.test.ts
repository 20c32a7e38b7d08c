import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import { createSecrets } from '../log/secrets.ts';
import { startProcessorTimer } from '../testing/linear.ts';
import { parseGoFlags } from './goflag-syntax.ts';
import { defineOptions, option } from './option.ts';
import { type ResolveInput, resolveOptions } from './resolve.ts';
import { choice, duration, int, string, strings } from './value-types.ts';

const options = defineOptions({
  repo: option({ flag: 'repo', type: string, default: 'none', env: ['REPO', 'OLD_REPO'], help: 'h' }),
  depth: option({
    flag: 'depth',
    type: int,
    default: 1,
    env: ['DEPTH'],
    help: 'h',
    check: (value) => (value < 0 ? 'must be 0 or more' : undefined),
  }),
  period: option({ flag: 'period', type: duration, default: 1000, env: ['PERIOD'], help: 'h' }),
  mode: option({ flag: 'mode', type: choice('a', 'b'), default: 'a', help: 'h' }),
  keys: option({ flag: 'key', type: strings, default: ['k0'], env: ['KEYS'], help: 'h' }),
  token: option({ flag: 'token', type: int, default: 0, env: ['TOKEN'], secret: true, help: 'h' }),
  old: option({ flag: 'old', type: string, default: '', deprecated: 'use --repo', help: 'h' }),
});
const resolve = (input: Partial<ResolveInput>) => resolveOptions(options, { argv: [], env: {}, ...input });

function problem(input: Partial<ResolveInput>): PillionError {
  try {
    resolve(input);
  } catch (error) {
    if (error instanceof PillionError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('resolveOptions', () => {
  it('reads a list of many values in time, wherever it comes from', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => String(index));
    const elapsed = startProcessorTimer();
    expect(resolve({ argv: many.map((value) => `--key=${value}`) }).values.keys).toEqual(many);
    expect(resolve({ argv: [], file: { values: { key: many } } }).values.keys).toEqual(many);
    expect(elapsed()).toBeLessThan(5000);
  });

  it('repeats no value of a megabyte in a message', () => {
    const text = 'x'.repeat(2 ** 20);
    expect(problem({ argv: [`--depth=${text}`] }).message.length).toBeLessThan(1000);
    expect(problem({ argv: [`--mode=${text}`] }).message.length).toBeLessThan(1000);
  });

  it('takes the command line before the environment before the file before the default', () => {
    const file = { values: { repo: 'file', depth: 7, period: '3s' } };
    const resolved = resolve({ argv: ['--repo=flag'], env: { REPO: 'env', DEPTH: '5' }, file });
    expect(resolved.values).toMatchObject({ repo: 'flag', depth: 5, period: 3000, mode: 'a' });
    expect(resolved.sources).toMatchObject({ repo: 'flag', depth: 'env', period: 'file', mode: 'default' });
  });

  it('takes the first variable that is set and counts an empty one as not set', () => {
    expect(resolve({ env: { REPO: '', OLD_REPO: 'old' } }).values.repo).toBe('old');
  });

  it('collects a repeated flag, and replaces the default with it', () => {
    expect(resolve({ argv: ['--key=a', '--key=b,c'] }).values.keys).toEqual(['a', 'b,c']);
  });

  it.each([[['a', 'b']], [['a']], [[]]])('takes a list from the file: %j', (key) => {
    expect(resolve({ file: { values: { key } } }).values.keys).toEqual(key);
  });

  it('lets the last use of a plain flag win', () => {
    expect(resolve({ argv: ['--depth=2', '--depth=3'] }).values.depth).toBe(3);
  });

  it.each([
    [{ argv: ['--depht=1'] }, 'unknown flag: --depht', 'did you mean --depth?'],
    [
      { file: { values: { depht: 1 } } },
      'unknown key "depht" in the configuration file',
      'did you mean --depth?',
    ],
    [{ argv: ['--depth=x'] }, 'invalid value "x" for --depth', 'expected: int, a whole number, such as 1'],
    [{ env: { DEPTH: 'x' } }, 'invalid value "x" for $DEPTH', 'expected: int, a whole number, such as 1'],
    [{ argv: ['--mode=c'] }, 'must be one of a, b', 'expected: a|b'],
    [{ argv: ['--depth=-1'] }, 'invalid --depth: must be 0 or more', undefined],
    [
      { file: { values: { repo: { url: 'x' } } } },
      'must be a string, number, boolean, or a list of them',
      undefined,
    ],
    [{ file: { values: { depth: [1, 2] } } }, 'must be one value, not a list', undefined],
    [{ file: { values: { repo: [] } } }, 'must be one value, not a list', undefined],
  ])('refuses %j as a usage error that says what to do', (input, message, hint) => {
    const error = problem(input);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(message);
    expect(error.hint).toBe(hint);
  });

  it('tells about deprecated options only when they are used', () => {
    expect(resolve({}).warnings).toEqual([]);
    expect(resolve({ argv: ['--old=x'] }).warnings).toEqual(['--old is deprecated: use --repo']);
  });

  it('registers each secret, and quotes none in a complaint', () => {
    const secrets = createSecrets();
    resolve({ env: { TOKEN: '4242' }, secrets });
    expect(secrets.redact('token 4242')).toBe('token REDACTED');
    const { message } = problem({ env: { TOKEN: 'hunter2' } });
    expect(message).toBe(
      'invalid value "REDACTED" for $TOKEN: strconv.ParseInt: parsing "REDACTED": invalid syntax',
    );
  });

  it('takes the line end of a variable for no part of its value, and that of a secret flag', () => {
    expect(resolve({ env: { REPO: 'x\r\n', TOKEN: '7\n' } }).values).toMatchObject({ repo: 'x', token: 7 });
    expect(resolve({ argv: ['--token=8\n'] }).values.token).toBe(8);
  });

  it('can read another syntax', () => {
    expect(resolve({ argv: ['-depth', '4'], syntax: parseGoFlags }).values.depth).toBe(4);
  });

  it('answers any command line with values or a usage error', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--depth', '--depth=3', '--key=a', '--', '--old', '-'),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        try {
          resolve({ argv });
        } catch (error) {
          expect(error).toBeInstanceOf(PillionError);
        }
      }),
    );
  });
});
