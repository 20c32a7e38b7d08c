import { describe, expect, it } from 'vitest';
import { version } from '../../../core/version.ts';
import { complaint, ended, REPO, taken, V3, v3 } from '../testing/parse.ts';

const lines = (text: string) => text.trimEnd().split('\n');
const V3_BY_VARIABLE = { PILLION_GIT_SYNC_DIALECT: 'v3' };

describe('a v3 command line that cannot be read', () => {
  it.each([
    [['-nope=1'], 'flag provided but not defined: -nope'],
    [['-depth=x'], 'invalid value "x" for flag -depth: parse error'],
    [
      ['-depth=99999999999999999999'],
      'invalid value "99999999999999999999" for flag -depth: value out of range',
    ],
    [['-exechook-timeout=5'], 'invalid value "5" for flag -exechook-timeout: parse error'],
    [['-ssh=maybe'], 'invalid boolean value "maybe" for -ssh: parse error'],
    [['-root'], 'flag needs an argument: -root'],
    [['-ssh', '---x'], 'bad flag syntax: ---x'],
    [['-ssh', '-v=x'], 'invalid value "x" for flag -v: strconv.Atoi: parsing "x": invalid syntax'],
    [['-ssh', '-v=0x1'], 'invalid value "0x1" for flag -v: strconv.Atoi: parsing "0x1": invalid syntax'],
  ])('ends %j with code 2, message and usage on stderr', (argv, message) => {
    const result = ended({ argv });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(lines(result.stderr)[0]).toBe(message);
    expect(result.stderr).toContain('Usage of git-sync:\n');
  });

  it('says so when the unknown flag is one of v4', () => {
    expect(lines(ended({ argv: ['-repo=x', '--link=y'] }).stderr)[1]).toContain(
      '--link is a flag of git-sync v4',
    );
  });

  it('gets a suggestion when a flag was nearly right', () => {
    expect(lines(ended({ argv: ['-rooot=x'] }).stderr)[1]).toBe('did you mean -root?');
  });

  it('ends at the first positional argument, as the original does', () => {
    const argv = ['-ssh', 'true', `-repo=${REPO}`];
    expect(complaint({ argv, env: { HOME: '/h' } })).toBe('ERROR: --repo must be specified');
  });

  it('says how many arguments that leaves without effect, and not which', () => {
    const { stderr } = taken({ argv: [`-repo=${REPO}`, '-root=/r', '-ssh', 'hunter2', '-dest=x'] }).notes;
    expect(stderr).toEqual([
      'the first argument that is no flag ends the flags: 2 have no effect; a value of true or false goes behind "="',
    ]);
  });
});

describe('what v3 prints on request', () => {
  it.each([
    [['-help'], {}],
    [['-h'], V3_BY_VARIABLE],
    [['--help'], V3_BY_VARIABLE],
    [['-repo=x', '-h'], {}],
  ])('prints the usage on stderr and ends with 0 for %j', (argv, env) => {
    const result = ended({ argv, env });
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr.startsWith('Usage of git-sync:\n  -add-user\n    \t')).toBe(true);
  });

  it('prints the version on stdout', () => {
    expect(ended({ argv: ['-version'] })).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('never shows current values as defaults', () => {
    const env = {
      GIT_SYNC_PASSWORD: 'CANARY',
      GIT_SYNC_REPO: 'https://u:CANARY@h/x',
      GIT_SYNC_DEST: 'CANARY',
    };
    expect(ended({ argv: ['-help'], env }).stderr).not.toContain('CANARY');
  });
});

describe('the environment of v3', () => {
  it('ignores numbers and durations that cannot be read, with a warning', () => {
    const env = { GIT_SYNC_DEPTH: 'x', GIT_SYNC_WAIT: 'y', GIT_SYNC_EXECHOOK_TIMEOUT: '5' };
    const { settings, notes } = taken({ argv: V3, env });
    expect(settings).toMatchObject({ depth: 0, periodMs: 1000 });
    expect(notes.stderr).toEqual([
      'WARNING: invalid env value (strconv.ParseInt: parsing "x": invalid syntax): using default, key=GIT_SYNC_DEPTH, val="x", default=0',
      'WARNING: invalid env value (strconv.ParseFloat: parsing "y": invalid syntax): using default, key=GIT_SYNC_WAIT, val="y", default=1.000000',
      'WARNING: invalid env value (time: missing unit in duration "5"): using default, key=GIT_SYNC_EXECHOOK_TIMEOUT, val="5", default=30000000000',
    ]);
  });

  it('ignores booleans that cannot be read, silently', () => {
    const { settings, notes } = taken({
      argv: V3,
      env: { GIT_SYNC_ONE_TIME: 'yes', GIT_SYNC_HTTP_METRICS: 'no' },
    });
    expect(settings.oneTime).toBe(false);
    expect(notes.stderr).toEqual([]);
  });

  it('does not look at the variables of v4', () => {
    expect(v3([], { GITSYNC_DEPTH: 'garbage', GITSYNC_ONE_TIME: 'true' })).toMatchObject({
      depth: 0,
      oneTime: false,
    });
  });
});

describe('a v3 configuration that is refused', () => {
  const login = ['-username=u', '-password=p'];
  it.each([
    [['-repo='], 'ERROR: --repo must be specified'],
    [['-depth=-1'], 'ERROR: --depth must be greater than or equal to 0'],
    [['-submodules=all'], 'ERROR: --submodules must be one of "recursive", "shallow", or "off"'],
    [['-git-gc=now'], 'ERROR: --git-gc must be one of "auto", "always", "aggressive", or "off"'],
    [['-root='], 'ERROR: --root must be specified'],
    [['-wait=-0.1'], 'ERROR: --wait must be greater than or equal to 0'],
    [['-wait=nan'], 'ERROR: --wait must be greater than or equal to 0'],
    [['-timeout=-1'], 'ERROR: --timeout must be greater than 0'],
    [['-timeout=0'], 'ERROR: --timeout must be greater than 0'],
    [
      ['-webhook-url=x', '-webhook-success-status=-2'],
      'ERROR: --webhook-success-status must be a valid HTTP code or -1',
    ],
    [['-webhook-url=x', '-webhook-timeout=1ms'], 'ERROR: --webhook-timeout must be at least 1s'],
    [['-webhook-url=x', '-webhook-backoff=1ms'], 'ERROR: --webhook-backoff must be at least 1s'],
    [['-exechook-command=x', '-exechook-timeout=1ms'], 'ERROR: --exechook-timeout must be at least 1s'],
    [['-sync-hook-command=x', '-exechook-backoff=1ms'], 'ERROR: --exechook-backoff must be at least 1s'],
    [
      ['-password=p', '-password-file=f'],
      'ERROR: only one of --password and --password-file may be specified',
    ],
    [['-username=u'], 'ERROR: --password or --password-file must be set when --username is specified'],
    [['-ssh', ...login], 'ERROR: only one of --ssh and --username may be specified'],
    [['-ssh', '-password=p'], 'ERROR: only one of --ssh and --password may be specified'],
    [['-ssh', '-password-file=f'], 'ERROR: only one of --ssh and --password-file may be specified'],
    [['-ssh', '-askpass-url=x'], 'ERROR: only one of --ssh and --askpass-url may be specified'],
    [['-ssh', '-cookie-file'], 'ERROR: only one of --ssh and --cookie-file may be specified'],
    [['-ssh', '-ssh-key-file='], 'ERROR: --ssh-key-file must be specified when --ssh is specified'],
    [
      ['-ssh', '-ssh-known-hosts-file='],
      'ERROR: --ssh-known-hosts-file must be specified when --ssh-known-hosts is specified',
    ],
    [['-git-config=x'], 'ERROR: can\'t parse --git-config: unexpected end of key (no ":") at character 2'],
  ])('ends %j with code 1, message and usage on stderr', (argv, message) => {
    const result = ended({ argv: [...V3, ...argv] });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(lines(result.stderr).slice(0, 2)).toEqual([message, 'Usage of git-sync:']);
  });

  it.each(['e', '/e'])('writes the message to the error file %s under the root', (file) => {
    const result = ended({ argv: ['-root=/r', `-error-file=${file}`] });
    expect(result.errorFile).toEqual({ root: '/r', path: '/r/e', text: 'ERROR: --repo must be specified' });
  });
});
