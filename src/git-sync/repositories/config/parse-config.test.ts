/** What a configuration file comes to, and what is refused in it. */
import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../../core/log/secrets.ts';
import { parse } from '../../cli/testing/parse.ts';
import { parseConfig } from './parse-config.ts';

interface Context {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: ReturnType<typeof createSecrets>;
}

async function read(text: string, { argv = [], env = {}, secrets = createSecrets() }: Context = {}) {
  const asked = parse({ argv: ['--config=/c.yaml', ...argv], env, secrets });
  if (asked.kind !== 'config') {
    throw new Error('no configuration was asked for');
  }
  return parseConfig(text, 'c.yaml', asked.given, secrets);
}

async function only(text: string, context: Context = {}) {
  const { repositories } = await read(text, context);
  return repositories[0]?.settings;
}

const ONE = 'repositories:\n  - repo: https://git.example/org/one.git\n';
const IN_GIT = { argv: ['--root=/git'] };

describe('a configuration file', () => {
  it('gives each repository a name, a root of its own below the one of the process, and a link', async () => {
    const text = `root: /git
repositories:
  - repo: https://git.example/org/one.git
  - { name: two, repo: 'https://git.example/org/one.git', ref: dev, link: current }
  - { name: three, repo: 'git@git.example:org/three', root: /elsewhere/three }
`;
    const { repositories } = await read(text);
    expect(
      repositories.map(({ name, settings: { root, link, follow } }) => [name, root, link, follow]),
    ).toEqual([
      ['one', '/git/one', 'one.git', { kind: 'ref', ref: 'HEAD' }],
      ['two', '/git/two', 'current', { kind: 'ref', ref: 'dev' }],
      ['three', '/elsewhere/three', 'three', { kind: 'ref', ref: 'HEAD' }],
    ]);
  });

  it('takes an entry before the command line, that before the top, and that before the default', async () => {
    const text = `period: 1m\ndepth: 7\nref: top\n${ONE}    ref: entry\n`;
    const flags = { argv: ['--root=/git', '--depth=3'], env: { GITSYNC_REF: 'environment' } };
    expect(await only(text, flags)).toMatchObject({
      follow: { ref: 'entry' },
      depth: 3,
      periodMs: 60_000,
      syncTimeoutMs: 120_000,
    });
    expect(await only(`ref: top\n${ONE}`, flags)).toMatchObject({ follow: { ref: 'environment' } });
  });

  it('lets a repository fail for ever, unless it is said how often it may or it is synced once', async () => {
    const limits = async (text: string, argv: readonly string[] = []) => {
      const settings = await only(text, { argv: ['--root=/git', ...argv] });
      return [settings?.maxFailures, settings?.initMaxFailures];
    };
    expect(await limits(ONE)).toEqual([-1, -1]);
    expect(await limits(`${ONE}    max-failures: 3\n`)).toEqual([3, 3]);
    expect(await limits(ONE, ['--max-failures=2'])).toEqual([2, 2]);
    expect(await limits(ONE, ['--one-time'])).toEqual([0, 0]);
  });

  it('takes credentials as mappings, adds those of an entry to the common ones, and hides their passwords', async () => {
    const secrets = createSecrets();
    const text = `
credential: { url: 'https://a.example', username: u, password: hunter2-of-all }
${ONE}    credential:
      - { url: 'https://b.example', username: v, password-file: /b }
`;
    const settings = await only(text, { ...IN_GIT, secrets });
    expect(settings?.credentials).toEqual([
      { url: 'https://a.example', username: 'u', password: 'hunter2-of-all' },
      { url: 'https://b.example', username: 'v', passwordFile: '/b' },
    ]);
    expect(secrets.redact('it is hunter2-of-all')).not.toContain('hunter2');
  });

  it('never gives the password of all to the user of one', async () => {
    const common = { argv: ['--root=/git', '--username=all'], env: { GITSYNC_PASSWORD: 'password-of-all' } };
    expect((await only(ONE, common))?.credentials).toMatchObject([{ username: 'all' }]);
    await expect(read(`${ONE}    username: one\n`, common)).rejects.toThrow(
      /c\.yaml:3:5: .*must be specified/,
    );
    const own = await only(`${ONE}    username: one\n    password-file: /one\n`, common);
    expect(own?.credentials).toEqual([
      { url: 'https://git.example/org/one.git', username: 'one', passwordFile: '/one' },
    ]);
  });

  it('lets a repository put its files where it likes below its own paths', async () => {
    const files = '    link: current\n    touch-file: current/.touched\n    error-file: current/.error\n';
    expect(await only(`${ONE}${files}`, IN_GIT)).toMatchObject({ touchFile: 'current/.touched' });
  });

  it('may publish several refs of one repository from one root', async () => {
    const entry = (name: string, more: string) =>
      `  - { name: ${name}, repo: 'https://git.example/a', root: /git/a, ref: ${name}, link: ${name}${more} }\n`;
    const { repositories } = await read(`repositories:\n${entry('one', '')}${entry('two', ', period: 1m')}`);
    expect(repositories.map(({ settings: { root, link } }) => [root, link])).toEqual([
      ['/git/a', 'one'],
      ['/git/a', 'two'],
    ]);
    const other = `repositories:\n${entry('one', '')}${entry('two', ', depth: 0')}`;
    await expect(read(other)).rejects.toThrow('has another "depth"');
  });
});

const two = (first: string, second: string) => `repositories:\n  - { ${first} }\n  - { ${second} }\n`;
const A = "repo: 'https://git.example/a'";
const B = "repo: 'https://git.example/b'";

describe('what is refused, with its place', () => {
  it.each([
    [
      'a key that there is not',
      `perid: 1s\n${ONE}`,
      'c.yaml:1:1: unknown key "perid"',
      'did you mean "period"?',
    ],
    [
      'one in an entry',
      `${ONE}    xyzzyxyz: 1s\n`,
      'c.yaml:3:5: unknown key "xyzzyxyz"',
      /^known: .*askpass-url, .*credential, /,
    ],
    [
      'an option of the process in an entry',
      `${ONE}    http-bind: :1\n`,
      'c.yaml:3:5: "http-bind" is for the whole process',
      'put it at the top of the file',
    ],
    ['a flag that only makes sense on a command line', `version: true\n${ONE}`, 'unknown key "version"', /./],
    ['a password in the clear', `password-variable: x\n${ONE}`, 'unknown key "password-variable"', /./],
    [
      'text that YAML reads as a number',
      `${ONE}    ref: 1.10\n`,
      'c.yaml:3:5: "ref" must be text',
      'put it in quotes, as in ref: "1.10"',
    ],
    ['a value of another kind', `${ONE}    period: 10\n`, '"period" (c.yaml:3:5)', /number with a unit/],
    ['a mapping where a value belongs', `${ONE}    credential: 5\n`, 'c.yaml:3:5', /./],
    [
      'a value out of range',
      `${ONE}    period: 1ms\n`,
      'c.yaml:3:5: period must be at least 10ms',
      /names of the flags/,
    ],
    ['one out of range at the top', `period: 1ms\n${ONE}`, 'c.yaml:1:1: period must be at least 10ms', /./],
    [
      'an entry without a repository',
      'repositories:\n  - ref: main\n',
      'c.yaml:2:5: repo must be specified',
      /./,
    ],
    ['no repository', 'period: 1s\n', 'there is no repository', /"repositories"/],
    ['an empty file', '', 'there is no repository', /./],
    ['an empty list', 'repositories: []\n', 'there is no repository', /./],
    ['no list', 'repositories: { a: 1 }\n', 'c.yaml:1:15: "repositories" must be a list', /./],
    ['no mapping', '- 1\n', 'not a mapping', /./],
    ['broken YAML', 'a: [\n', 'c.yaml:2:1', /yaml\.org/],
    ['a key twice', `depth: 1\ndepth: 2\n${ONE}`, 'c.yaml:2:1', /./],
    [
      'a name twice',
      two(`${A}, name: x`, `${B}, name: x`),
      'c.yaml:3:38: the name "x" is taken by c.yaml:2:5',
      /another "name"/,
    ],
    ['a name that is a path', two(A, `${B}, name: ../x`), 'cannot be the name', /letters/],
    [
      'a link twice',
      two(`${A}, link: /l`, `${B}, link: /l/../l`),
      'the link /l is also the link of c.yaml:2:5',
      /of its own/,
    ],
    [
      'a link below another',
      two(`${A}, link: /l`, `${B}, link: /l/m`),
      'the link /l/m lies below the link of',
      /./,
    ],
    [
      'roots in each other',
      two(`${A}, root: /r`, `${B}, root: /r/s`),
      'the root /r/s lies below the root of',
      /"root" of its own/,
    ],
    [
      'one root for two repositories',
      two(`${A}, root: /r`, `${B}, root: /r`),
      'the root is that of c.yaml:2:5, which has another "repo"',
      /./,
    ],
    [
      'a link that is a root',
      two(`${A}, root: /r`, `${B}, link: /r`),
      'the link /r is also the root of',
      /./,
    ],
    [
      'a touch-file that is a link',
      two(`${A}, link: /l`, `${B}, touch-file: /l`),
      'the touch-file /l is also the link',
      /./,
    ],
    [
      'a touch-file that is its own link',
      `${ONE}    link: l\n    touch-file: ./l\n`,
      'c.yaml:4:5: touch-file must not be the published link',
      /./,
    ],
    [
      'an error-file that is its own link',
      `${ONE}    link: l\n    error-file: /git/one/l\n`,
      'c.yaml:4:5: error-file must not be the published link',
      /./,
    ],
    [
      'a link among its own trees',
      `${ONE}    link: .worktrees/x\n`,
      'c.yaml:3:5: link must not lie in .git, .worktrees',
      /./,
    ],
    [
      'a link among the trees of another',
      two(`${A}, root: /r`, `${B}, link: /r/.worktrees/x`),
      'the link /r/.worktrees/x lies where clean-ups remove what they do not know, in the root of c.yaml:2:5',
      /of its own/,
    ],
    [
      'a link in the repository of another that comes later',
      two(`${A}, link: /r/.git/x`, `${B}, root: /r`),
      'the link /r/.git/x lies where clean-ups',
      /./,
    ],
  ])('%s', async (_what, text, message, hint) => {
    const error = await read(text, IN_GIT).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
      hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
    });
  });

  it('what is wrong on the command line, as that', async () => {
    const error = await read(ONE, { argv: ['--root=/git', '--period=1ms'] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      message: 'invalid flag: --period must be at least 10ms',
      hint: expect.stringContaining('command line'),
    });
  });

  it('a missing root', async () => {
    await expect(read(ONE)).rejects.toThrow('c.yaml:2:5: root must be specified');
  });

  it('as much as a file may hold, of anything, in bounded time, with an error that is short', async () => {
    const size = 256 * 1024;
    const texts = [
      '['.repeat(size),
      '{a: '.repeat(size / 4),
      '- '.repeat(size / 2),
      '? '.repeat(size / 2),
      'x'.repeat(size),
      `${'a'.repeat(size)}: 1\n${ONE}`,
      `repositories:\n${'  - {}\n'.repeat(size / 7)}`,
      `repositories:\n  - &a [${'*a,'.repeat(1000)}]\n`,
      `${ONE}    ref: ${'r'.repeat(size)}\n    depth: x\n`,
      `${ONE}    name: ${'n'.repeat(size)}\n`,
    ];
    for (const text of texts) {
      const error = await read(text, IN_GIT).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'usage' });
      expect((error as Error).message.length).toBeLessThan(2000);
    }
  }, 60_000);
});
