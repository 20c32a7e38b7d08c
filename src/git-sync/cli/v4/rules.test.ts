import { describe, expect, it } from 'vitest';
import { complaint, REPO, V4, v4 } from '../testing/parse.ts';

const refused = (argv: readonly string[], env = {}) => complaint({ argv: [...V4, ...argv], env });
const APP = ['--github-app-installation-id=7', '--github-app-client-id=c'];
const KEY = '--github-app-private-key-file=/k';
const credential = (parts: object) =>
  `--credential=${JSON.stringify({ url: 'u', username: 'n', password: 'p', ...parts })}`;

describe('the rules of v4', () => {
  it.each([
    [['--repo='], 'required flag: --repo must be specified'],
    [['--ref='], 'required flag: --ref must be specified'],
    [['--depth=-1'], 'invalid flag: --depth must be greater than or equal to 0'],
    [['--submodules=all'], 'invalid flag: --submodules must be one of "recursive", "shallow", or "off"'],
    [['--credential-scope=path'], 'invalid flag: --credential-scope must be "host" or "repository"'],
    [['--git-gc=now'], 'invalid flag: --git-gc must be one of "auto", "always", "aggressive", or "off"'],
    [['--period=9ms'], 'invalid flag: --period must be at least 10ms'],
    [['--period=-1s'], 'invalid flag: --period must be at least 10ms'],
    [['--period=0'], 'invalid flag: --period must be at least 10ms'],
    [
      ['--period=9ms', '--trigger-bind=:1', '--trigger-secret-file=/s'],
      'invalid flag: --period must be at least 10ms',
    ],
    [
      ['--trigger-bind=:1'],
      'required flag: --trigger-bind and --trigger-secret-file must be specified together',
    ],
    [
      ['--trigger-secret-file=/s'],
      'required flag: --trigger-bind and --trigger-secret-file must be specified together',
    ],
    [
      ['--pre-publish=npm ci'],
      'invalid flag: --pre-publish holds blanks: give a list like ["npm", "ci"], or a line for the shell with --pre-publish-shell',
    ],
    [
      ['--pre-publish=["npm"'],
      'invalid flag: --pre-publish is no JSON list of a program and its arguments, like ["npm", "ci"]',
    ],
    [['--pre-publish-timeout=0'], 'invalid flag: --pre-publish-timeout must be at least 1s'],
    [['--jitter=-0.1'], 'invalid flag: --jitter must be from 0 to 1'],
    [['--jitter=1.1'], 'invalid flag: --jitter must be from 0 to 1'],
    [['--jitter=NaN'], 'invalid flag: --jitter must be from 0 to 1'],
    [['--max-backoff=9ms'], 'invalid flag: --max-backoff must be at least 10ms'],
    [['--max-backoff=-1s'], 'invalid flag: --max-backoff must be at least 10ms'],
    [['--max-age=10s'], 'invalid flag: --max-age must be longer than --period'],
    [['--max-age=-1s'], 'invalid flag: --max-age must be longer than --period'],
    [
      ['--max-age=1h', '--period=0', '--trigger-bind=:1', '--trigger-secret-file=/s'],
      'invalid flag: --max-age needs a --period: without polls no data is known to be fresh',
    ],
    [['--init-period=9ms'], 'invalid flag: --init-period must be at least 10ms'],
    [['--sync-timeout=0'], 'invalid flag: --sync-timeout must be at least 10ms'],
    [
      ['--exechook-command=x', '--exechook-timeout=999ms'],
      'invalid flag: --exechook-timeout must be at least 1s',
    ],
    [
      ['--exechook-command=x', '--exechook-backoff=0'],
      'invalid flag: --exechook-backoff must be at least 1s',
    ],
    [
      ['--pre-publish-exechook-command=x', '--pre-publish-exechook-timeout=0'],
      'invalid flag: --pre-publish-exechook-timeout must be at least 1s',
    ],
    [
      ['--pre-publish-exechook-command=x', '--pre-publish-exechook-backoff=0'],
      'invalid flag: --pre-publish-exechook-backoff must be at least 1s',
    ],
    [
      ['--webhook-url=x', '--webhook-success-status=-2'],
      'invalid flag: --webhook-success-status must be a valid HTTP code or 0',
    ],
    [['--webhook-url=x', '--webhook-timeout=0'], 'invalid flag: --webhook-timeout must be at least 1s'],
    [['--webhook-url=x', '--webhook-backoff=0'], 'invalid flag: --webhook-backoff must be at least 1s'],
    [
      ['--username=u'],
      'required flag: $GITSYNC_PASSWORD or --password-file must be specified when --username is specified',
    ],
    [
      ['--password-file=f'],
      'invalid flag: --password-file may only be specified when --username is specified',
    ],
    [
      ['--username=u', '--password-file=f', '--repo=https://x@h/y'],
      'invalid flag: credentials may not be specified in --repo when --username is specified',
    ],
    [
      ['--username=u', '--password-file=f', '--repo=ssh://git@h/y'],
      'invalid flag: credentials may not be specified in --repo when --username is specified',
    ],
    [
      ['--github-app-client-id=c'],
      'invalid flag: --github-app-installation-id must be specified when --github-app-application-id or --github-app-client-id are specified',
    ],
    [
      [...APP, '--github-app-application-id=1'],
      'invalid flag: only one of --github-app-application-id or --github-app-client-id may be specified',
    ],
    [
      APP,
      'invalid flag: $GITSYNC_GITHUB_APP_PRIVATE_KEY or --github-app-private-key-file must be specified when --github-app-application-id or --github-app-client-id are specified',
    ],
    [
      [...APP, KEY, '--__env__GITSYNC_GITHUB_APP_PRIVATE_KEY=k'],
      'invalid flag: only one of $GITSYNC_GITHUB_APP_PRIVATE_KEY or --github-app-private-key-file may be specified',
    ],
    [
      [...APP, KEY, '--username=u', '--password-file=f'],
      'invalid flag: --username may not be specified when --github-app-private-key-file is specified',
    ],
    [
      ['--github-app-installation-id=7'],
      'invalid flag: --github-app-installation-id may only be specified when --github-app-private-key-file is specified',
    ],
    [[credential({ url: '' })], 'invalid flag: --credential URL must be specified'],
    [[credential({ username: '' })], 'invalid flag: --credential username must be specified'],
    [
      [credential({ command: '/c' })],
      'invalid flag: only one of --credential password, password-file, command and identity may be specified',
    ],
    [
      [credential({ password: '', command: '/c', identity: 'azure' })],
      'invalid flag: only one of --credential password, password-file, command and identity may be specified',
    ],
    [
      [credential({ password: '', identity: 'aws' })],
      'invalid flag: --credential username may not be specified with the identity aws',
    ],
    [
      ['--credential-identity=gcp'],
      'invalid flag: --credential-identity must be one of "azure", "aws", or "google"',
    ],
    [
      ['--credential-identity=aws', '--credential-command=/c'],
      'invalid flag: only one of --username, --credential-command and --credential-identity may be specified',
    ],
    [
      ['--credential-command=vault token'],
      'invalid flag: --credential-command holds blanks: give a list like ["npm", "ci"]',
    ],
    [
      ['--exechook-shell'],
      'required flag: --exechook-command must be specified when --exechook-args or --exechook-shell is set',
    ],
    [
      ['--hook-variables=GITSYNC_PASSWORD=x'],
      'invalid flag: --hook-variables takes names of variables, without $ and values',
    ],
    [
      [credential({ password: '' })],
      'invalid flag: --credential password or password-file must be specified',
    ],
    [
      [credential({ 'password-file': 'f' })],
      'invalid flag: only one of --credential password and password-file may be specified',
    ],
    [['--http-metrics'], 'required flag: --http-bind must be specified when --http-metrics is set'],
    [['--http-pprof'], 'required flag: --http-bind must be specified when --http-pprof is set'],
    [
      ['--git-config=abc'],
      'invalid flag: can\'t parse --git-config: unexpected end of key (no ":") at character 4',
    ],
    [
      ['--git-config-add=a:b', '--git-config-add="x'],
      "invalid flag: can't parse --git-config-add: unexpected end of quoted string at character 7",
    ],
  ])('refuse %j', (argv, message) => {
    expect(refused(argv)).toBe(message);
  });

  it('refuse a password without a user, and two passwords', () => {
    const env = { GITSYNC_PASSWORD: 'p' };
    expect(refused([], env)).toBe(
      'invalid flag: $GITSYNC_PASSWORD may only be specified when --username is specified',
    );
    expect(refused(['--username=u', '--password-file=f'], env)).toBe(
      'invalid flag: only one of $GITSYNC_PASSWORD and --password-file may be specified',
    );
  });

  it('do not look at the times of hooks that are not used', () => {
    const argv = [
      '--exechook-timeout=0',
      '--webhook-backoff=0',
      '--pre-publish-exechook-backoff=0',
      '--webhook-success-status=-5',
    ];
    expect(v4(argv)).not.toHaveProperty('exechook');
  });

  it('take the smallest values that are allowed', () => {
    expect(v4(['--depth=0', '--period=10ms', '--init-period=10ms', '--sync-timeout=10ms'])).toMatchObject({
      depth: 0,
      periodMs: 10,
      initPeriodMs: 10,
      syncTimeoutMs: 10,
    });
  });
});

describe('the credentials of v4', () => {
  it('puts user and password of the flags first, then --credential, with those of the environment before the flags', () => {
    const env = {
      GITSYNC_CREDENTIAL: credential({ url: 'e' }).slice('--credential='.length),
      GITSYNC_PASSWORD: 'p',
    };
    const argv = [
      '--username=u',
      credential({ url: 'a' }),
      '--credential=[{"url":"b","username":"n","password-file":"f"}]',
    ];
    expect(v4(argv, env).credentials).toEqual([
      { url: REPO, username: 'u', password: 'p' },
      { url: 'e', username: 'n', password: 'p' },
      { url: 'a', username: 'n', password: 'p' },
      { url: 'b', username: 'n', passwordFile: 'f' },
    ]);
  });

  it.each([
    ['https://me:s%20e@h/x', 'https://h/x', [{ url: 'https://h/x', username: 'me', password: 's e' }]],
    ['http://me@h/x', 'http://h/x', [{ url: 'http://h/x', username: 'me', password: '' }]],
    ['https://@h/x', 'https://h/x', []],
    ['ssh://git@h/x', 'ssh://git@h/x', []],
    ['git@h:x', 'git@h:x', []],
  ])('moves the user info of %s', (address, repo, credentials) => {
    expect(v4([`--repo=${address}`])).toMatchObject({ repo, credentials });
  });

  it('lets the variable of the password be replaced by --password, with a note and a log line', () => {
    expect(
      v4(['--username=u', '--password=flag'], { GITSYNC_PASSWORD: 'env' }).credentials[0]?.password,
    ).toBe('flag');
  });
});
