import { describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import { startProcessorTimer } from '../testing/linear.ts';
import { defineOptions, option } from './option.ts';
import { parseOptionsFile } from './options-file.ts';
import { resolveOptions } from './resolve.ts';
import { bool, duration, int, string, strings } from './value-types.ts';

const options = defineOptions({
  repo: option({ flag: 'repo', type: string, default: '', env: ['REPO'], secret: 'url', help: 'h' }),
  depth: option({
    flag: 'depth',
    type: int,
    default: 1,
    env: ['DEPTH'],
    help: 'h',
    check: (value) => (value < 0 ? 'must be 0 or more' : undefined),
  }),
  period: option({ flag: 'period', type: duration, default: 1000, help: 'h' }),
  keys: option({ flag: 'key', type: strings, default: [], help: 'h' }),
  once: option({ flag: 'one-time', type: bool, default: false, help: 'h' }),
  old: option({ flag: 'old', type: string, default: '', deprecated: 'use repo', help: 'h' }),
});

async function resolve(yaml: string, argv: readonly string[] = [], env = {}) {
  return resolveOptions(options, { argv, env, file: await parseOptionsFile(yaml, 'c.yaml') });
}

async function problem(yaml: string): Promise<PillionError> {
  try {
    await resolve(yaml);
  } catch (error) {
    if (error instanceof PillionError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a configuration file', () => {
  it('is refused without showing what is wrong in it, which may be a secret', async () => {
    for (const yaml of [
      'repo: |hunter2',
      'repo: "a" hunter2: x',
      'repo: [a] hunter2',
      '- a\nhunter2',
      'repo: }hunter2',
    ]) {
      const { code, message } = await problem(yaml);
      expect([yaml, code, message]).toEqual([yaml, 'usage', expect.not.stringContaining('hunter2')]);
    }
  });

  it('may use an alias, but none that stands in what it stands for, and not hundreds', async () => {
    expect((await resolve('key: [&a x, *a]')).values.keys).toEqual(['x', 'x']);
    const elapsed = startProcessorTimer();
    expect(await problem(`key: &a [${'*a,'.repeat(60)}]`)).toMatchObject({
      message: expect.stringContaining('c.yaml:1:10: the alias *a stands in'),
    });
    expect(await problem(`key: [&a x, ${'*a,'.repeat(2000)}]`)).toMatchObject({
      message: expect.stringContaining('too many aliases'),
    });
    expect(elapsed()).toBeLessThan(5000);
  });

  it('has the names of the flags as keys, and values of every type', async () => {
    const yaml =
      '# what to sync\nrepo: https://h/x\ndepth: 0\nperiod: 1m30s\nkey:\n  - a\n  - b\none-time: true\n';
    const { values, sources } = await resolve(yaml);
    expect(values).toMatchObject({
      repo: 'https://h/x',
      depth: 0,
      period: 90_000,
      keys: ['a', 'b'],
      once: true,
    });
    expect(sources).toMatchObject({ repo: 'file', depth: 'file', old: 'default' });
  });

  it('gives way to the environment, and that to the command line', async () => {
    const { values } = await resolve('depth: 2\nrepo: f\nperiod: 3s\n', ['--period=1s'], { DEPTH: '5' });
    expect(values).toMatchObject({ depth: 5, repo: 'f', period: 1000 });
  });

  it('may be empty', async () => {
    expect((await resolve('')).values.depth).toBe(1);
    expect((await resolve('# nothing\n')).values.depth).toBe(1);
  });

  it('is told about deprecated keys', async () => {
    expect((await resolve('old: x\n')).warnings).toEqual(['"old" (c.yaml:1:1) is deprecated: use repo']);
  });

  it.each([
    ['repo: a\ndepht: 1\n', 'unknown key "depht" (c.yaml:2:1)', 'did you mean --depth?'],
    [
      'repo: a\n\ndepth: x\n',
      'invalid value "x" for "depth" (c.yaml:3:1)',
      'expected: int, a whole number, such as 1',
    ],
    ['depth: -1\n', 'invalid "depth" (c.yaml:1:1): must be 0 or more', undefined],
    ['repo:\n  url: x\n', '"repo" (c.yaml:1:1): must be a string, number, boolean, or a list', undefined],
    [
      '- repo\n',
      'c.yaml:1:1: this is not a mapping of keys to values',
      expect.stringContaining('names of the flags'),
    ],
    ['repo: "a\ndepth: 1\n', 'c.yaml:', expect.any(String)],
    ['repo: *none\n', 'c.yaml', expect.any(String)],
    [
      'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*b,*b]\n',
      'alias',
      'at most 100 times',
    ],
  ])('that is wrong is refused with the place and what to do: %j', async (yaml, message, hint) => {
    const error = await problem(yaml);
    expect(error).toMatchObject({ code: 'usage', exitCode: 2 });
    expect(error.message).toContain(message);
    expect(error.hint).toEqual(hint);
  });

  it('quotes no secret', async () => {
    const error = await problem('repo: https://u:hunter2@h/x\ndepth: https://u:hunter2@h/x\n');
    expect(error.message).not.toContain('hunter2');
  });

  it('can have a list of settings under a key of its own', async () => {
    const file = await parseOptionsFile(
      'period: 5s\nrepositories:\n  - repo: a\n  - repo: b\n    depht: 1\n',
      'c.yaml',
    );
    const [first, second] = file.take('repositories');
    expect(resolveOptions(options, { argv: [], env: {}, file }).values.period).toBe(5000);
    expect(resolveOptions(options, { argv: [], env: {}, file: first }).values.repo).toBe('a');
    expect(() => resolveOptions(options, { argv: [], env: {}, file: second })).toThrow(
      'unknown key "depht" (c.yaml:5:5)',
    );
    expect(file.take('nothing')).toEqual([]);
  });

  it('tells the place of whatever lies in it, and of the nearest around what does not', async () => {
    const { whereIs } = await parseOptionsFile('a: 1\nlist:\n  - x: [1, 2]\n', 'c.yaml');
    expect(whereIs(['list', 0, 'x', 1])).toBe('c.yaml:3:12');
    expect(whereIs(['list', 0, 'y'])).toBe('c.yaml:3:5');
    expect(whereIs(['list', 7, 'x'])).toBe('c.yaml:3:3');
    expect(whereIs(['none'])).toBe('c.yaml:1:1');
    expect(whereIs([])).toBe('c.yaml:1:1');
  });

  it('that has something else than a list of settings there is refused', async () => {
    const file = await parseOptionsFile('repositories: x\n', 'c.yaml');
    expect(() => file.take('repositories')).toThrow('c.yaml:1:15: "repositories" must be a list');
    const words = await parseOptionsFile('repositories: [x]\n', 'c.yaml');
    expect(() => words.take('repositories')).toThrow('c.yaml:1:16: this is not a mapping');
  });
});
