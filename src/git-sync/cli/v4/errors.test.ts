import { describe, expect, it } from 'vitest';
import { version } from '../../../core/version.ts';
import { ended, parse, REPO, taken, V4 } from '../testing/parse.ts';
import { rows } from '../testing/v4-rows.ts';

const lines = (text: string) => text.trimEnd().split('\n');
const USAGE = 'Usage: git-sync [FLAGS...]';

/** The flags that the usage lists: each has a row of tests, but for these. */
const LISTED = [
  'config',
  'credential',
  'help',
  'man',
  'repo',
  'root',
  'version',
  ...rows.map(({ flag }) => flag),
].toSorted();

describe('a v4 command line that cannot be read', () => {
  it.each([
    [['--nope=1'], 'unknown flag: --nope'],
    [['--depth=x'], 'invalid argument "x" for "--depth" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [['--period=10'], 'invalid argument "10" for "--period" flag: time: missing unit in duration "10"'],
    [
      ['--one-time=maybe'],
      'invalid argument "maybe" for "--one-time" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [['--wait=x'], 'invalid argument "x" for "--wait" flag: strconv.ParseFloat: parsing "x": invalid syntax'],
    [
      ['-v=x'],
      'invalid argument "x" for "-v, --verbose" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [['--root'], 'flag needs an argument: --root'],
    [['-v'], "flag needs an argument: 'v' in -v"],
    [['---x'], 'bad flag syntax: ---x'],
    [['--credential=x'], 'invalid argument "REDACTED" for "--credential" flag: not a JSON object or list'],
  ])(
    'ends %j with code 2, the message and the usage on stderr, the message again on stdout',
    (argv, message) => {
      const result = ended({ argv: [...argv] });
      expect(result.code).toBe(2);
      expect(lines(result.stderr)[0]).toBe(message);
      expect(result.stderr).toContain(USAGE);
      expect(result.stdout).toBe(`${message}\n`);
      expect(result.errorFile).toBeUndefined();
    },
  );

  it('is reported in the order of the command line: the first mistake counts', () => {
    expect(ended({ argv: ['--depth=x', '--nope'] }).stdout).toContain('"--depth" flag');
    expect(ended({ argv: ['--nope', '--depth=x'] }).stdout).toBe('unknown flag: --nope\n');
  });

  it('gets a suggestion after the message when a flag was nearly right, also in the last line', () => {
    const result = ended({ argv: ['--roots=/x'] });
    expect(lines(result.stderr).slice(0, 2)).toEqual(['unknown flag: --roots', 'did you mean --root?']);
    expect(result.stdout).toBe('unknown flag: --roots\ndid you mean --root?\n');
  });

  it.each([
    ['--depth=one', 'give a whole number, such as 1'],
    ['--period=10', 'give a number with a unit, such as 10s, 500ms or 1m30s'],
    ['--one-time=yes', 'give true or false'],
    ['--wait=soon', 'give a number, such as 1.5'],
  ])('says on standard error what a value has to be (%s)', (argument, advice) => {
    expect(lines(ended({ argv: [argument] }).stderr)).toContain(advice);
  });

  it('tells of arguments that have no effect, by their number alone', () => {
    const { stderr } = ended({ argv: ['--one-time', 'hunter2', 'r'] });
    expect(stderr).toContain('arguments that are no flags have no effect (here: 2)');
    expect(stderr).not.toContain('hunter2');
  });

  it('says what it says of a single dash when v4 is forced on a short flag', () => {
    expect(ended({ argv: ['-hx'], env: {} }).code).toBe(2);
  });

  it('still tells about deprecated flags that came before the mistake', () => {
    expect(lines(ended({ argv: ['--ssh', '--nope'] }).stderr).slice(0, 2)).toEqual([
      'Flag --ssh has been deprecated, no longer necessary',
      'unknown flag: --nope',
    ]);
  });
});

describe('a v4 variable that cannot be read', () => {
  it.each([
    [
      { GITSYNC_DEPTH: 'x' },
      'FATAL: invalid int env GITSYNC_DEPTH="x": strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      { GITSYNC_DEPTH: '' },
      'FATAL: invalid int env GITSYNC_DEPTH="": strconv.ParseInt: parsing "": invalid syntax',
    ],
    [
      { GITSYNC_ONE_TIME: '' },
      'FATAL: invalid bool env GITSYNC_ONE_TIME="": strconv.ParseBool: parsing "": invalid syntax',
    ],
    [
      { GITSYNC_PERIOD: '10' },
      'FATAL: invalid duration env GITSYNC_PERIOD="10": time: missing unit in duration "10"',
    ],
    [
      { GIT_SYNC_WAIT: 'x' },
      'FATAL: invalid float env GIT_SYNC_WAIT="x": strconv.ParseFloat: parsing "x": invalid syntax',
    ],
    [
      { GIT_SYNC_TIMEOUT: '' },
      'FATAL: invalid int env GIT_SYNC_TIMEOUT="": strconv.ParseInt: parsing "": invalid syntax',
    ],
  ])('ends the process with code 1 for %j, whatever else is asked for', (env, message) => {
    for (const argv of [V4, ['--version'], ['--help'], ['--man'], ['--nope']]) {
      expect(ended({ argv, env })).toEqual({ kind: 'exit', code: 1, stdout: '', stderr: `${message}\n` });
    }
  });

  it('does no harm when a later name overrides it', () => {
    expect(taken({ argv: V4, env: { GITSYNC_DEPTH: 'x', GIT_SYNC_DEPTH: '4' } }).settings.depth).toBe(4);
  });

  it('names the variable that was read, after the notes about old names', () => {
    const { stderr } = ended({ env: { GITSYNC_DEPTH: '1', GIT_SYNC_DEPTH: 'y' } });
    expect(lines(stderr)).toEqual([
      'env $GIT_SYNC_DEPTH has been deprecated, use $GITSYNC_DEPTH instead',
      'env $GITSYNC_DEPTH was overridden by $GIT_SYNC_DEPTH',
      'FATAL: invalid int env GIT_SYNC_DEPTH="y": strconv.ParseInt: parsing "y": invalid syntax',
    ]);
  });

  it('is ignored for --credential, with a note', () => {
    const { settings, notes } = taken({ argv: V4, env: { GITSYNC_CREDENTIAL: 'garbage' } });
    expect(settings.credentials).toEqual([]);
    expect(notes.stderr).toEqual(['env $GITSYNC_CREDENTIAL is ignored: not a JSON object or list']);
  });
});

describe('a v4 configuration that is refused', () => {
  it('ends with code 1 and message, usage, message on stderr', () => {
    const result = ended({ argv: ['--root=/r'] });
    const told = lines(result.stderr);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect([told[0], told[1], told.at(-1)]).toEqual([
      'required flag: --repo must be specified',
      USAGE,
      'required flag: --repo must be specified',
    ]);
  });

  it.each([
    ['e.json', '/r/e.json'],
    ['/abs/e.json', '/abs/e.json'],
    ['../e', '/e'],
  ])('writes the plain message to --error-file=%s', (file, path) => {
    const result = ended({ argv: ['--root=/r', `--error-file=${file}`] });
    expect(result.errorFile).toEqual({ root: '/r', path, text: 'required flag: --repo must be specified' });
  });

  it('writes no error file when it is the root that is missing', () => {
    const result = ended({ argv: [`--repo=${REPO}`, '--error-file=/e'] });
    expect(lines(result.stderr)[0]).toBe('required flag: --root must be specified');
    expect(result.errorFile).toBeUndefined();
  });

  it('takes an empty variable for an empty root and repository', () => {
    expect(ended({ argv: [`--repo=${REPO}`], env: { GITSYNC_ROOT: '' } }).stderr).toContain('--root must be');
    expect(ended({ argv: ['--root=/r'], env: { GITSYNC_REPO: '' } }).stderr).toContain('--repo must be');
  });
});

describe('what v4 prints on request', () => {
  it.each([['--help'], ['-h'], ['-?'], ['--__?']])('prints the usage on stdout for %s', (flag) => {
    const result = ended({ argv: [flag] });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.startsWith(`${USAGE}\n\n FLAGS:\n`)).toBe(true);
  });

  it('prints the version on stdout', () => {
    expect(ended({ argv: ['--version'] })).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prefers the version to the help and the help to the manual', () => {
    expect(ended({ argv: ['--man', '-h', '--version'] }).stdout).toBe(`${version}\n`);
    expect(ended({ argv: ['--man', '-h'] }).stdout).toContain(USAGE);
    expect(ended({ argv: ['--man'] }).stdout).toContain('SYNOPSIS');
  });

  it('asks for nothing else when text is asked for', () => {
    expect(parse({ argv: ['--help=false', ...V4] }).kind).toBe('run');
  });

  it('lists flags sorted, without hidden and deprecated ones, then the two variables without a flag', () => {
    const [flags = '', variables = ''] = ended({ argv: ['-h'] }).stdout.split(' ENVIRONMENT VARIABLES:\n');
    const names = [...flags.matchAll(/^ {2}(?:-\w, | {4})--([\w-]+)/gm)].map((match) => match[1]);
    expect(names, 'each flag has a row in cli/testing/v4-rows.ts').toEqual(LISTED);
    expect(names).not.toContain('branch');
    expect(flags).not.toMatch(/__|--password |--wait|--dest/);
    expect(lines(variables).map((line) => line.trim().split(' ')[0])).toEqual([
      'GITSYNC_GITHUB_APP_PRIVATE_KEY',
      'GITSYNC_PASSWORD',
    ]);
  });

  it('never shows current values as defaults', () => {
    const env = { GITSYNC_REPO: 'https://u:CANARY@h/x', GITSYNC_LINK: 'CANARY', GITSYNC_DEPTH: '7777' };
    for (const argv of [['-h'], ['--man'], ['--nope']]) {
      const result = ended({ argv, env });
      expect(result.stdout + result.stderr).not.toMatch(/CANARY|7777/);
    }
  });

  it('calls itself by the name it was started under', () => {
    expect(ended({ argv: ['-h'], startedAs: 'pillion' }).stdout).toContain(
      'Usage: pillion git-sync [FLAGS...]',
    );
  });

  it('has a manual of every shown option, without tabs', () => {
    const { stdout } = ended({ argv: ['--man'] });
    expect(stdout).not.toContain('\t');
    expect(stdout).toContain('    --depth <int>, $GITSYNC_DEPTH\n');
    expect(stdout).toContain('    $GITSYNC_PASSWORD\n');
    expect(stdout).not.toMatch(/--branch|__env__/);
    expect(stdout.split('\n').every((line) => line.length <= 90)).toBe(true);
  });
});
