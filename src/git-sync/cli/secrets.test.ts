import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { parse, taken, V3, V4 } from './testing/parse.ts';

function secretsOf(argv: readonly string[], env = {}): string[] {
  const seen: string[] = [];
  const add = (value: string) => seen.push(value);
  parse({ argv, env, secrets: { ...createSecrets(), add, addWord: add } });
  return seen;
}

const shown = (argv: readonly string[], env = {}) => taken({ argv: [...V4, ...argv], env }).settings.shown;
const CREDENTIAL = '{"url":"https://a:CANARY2@h","username":"n","password":"CANARY"}';

describe('every secret is registered before anything is printed', () => {
  it.each([
    [['--username=u'], { GITSYNC_PASSWORD: 'CANARY' }, 'CANARY'],
    [['--username=u'], { GIT_SYNC_PASSWORD: 'CANARY' }, 'CANARY'],
    [['--username=u', '--password=CANARY'], {}, 'CANARY'],
    [['--username=u', '--__env__GITSYNC_PASSWORD=CANARY'], {}, 'CANARY'],
    [['--repo=https://u:CAN%2FARY@h/x'], {}, 'CAN/ARY'],
    [['--repo=https://u:CAN%2FARY@h/x'], {}, 'CAN%2FARY'],
    [[], { GITSYNC_REPO: 'https://u:CANARY@h/x' }, 'CANARY'],
    [[`--credential=${CREDENTIAL}`], {}, 'CANARY'],
    [[`--credential=${CREDENTIAL}`], {}, 'CANARY2'],
    [[], { GITSYNC_CREDENTIAL: `[${CREDENTIAL}]` }, 'CANARY'],
    [[], { GITSYNC_GITHUB_APP_PRIVATE_KEY: 'CANARY' }, 'CANARY'],
    [['--webhook-url=http://u:CANARY@w/'], {}, 'CANARY'],
    [[], { GIT_ASKPASS_URL: 'http://u:CANARY@w/' }, 'CANARY'],
    [['--git-config=http.https://h/.extraHeader:Authorization: Bearer CANARY'], {}, 'CANARY'],
    [['--git-config=http.extraHeader:Authorization: Bearer CANARY'], {}, 'CANARY'],
    [[], { GITSYNC_GIT_CONFIG: 'http.extraHeader:Authorization: Basic dTpDQU5BUlk=' }, 'CANARY'],
    [['--git-config-add=http.proxy:http://u:CANARY@p'], {}, 'CANARY'],
    [['--git-config-add="url.https://u:CANARY@h/.insteadOf":https://h/'], {}, 'CANARY'],
  ])('in v4, for %j and %j', (argv, env, secret) => {
    const seen = secretsOf([...V4, ...argv], env);
    expect(seen).toContain(secret);
  });

  it('in v3, for flag and variable', () => {
    expect(secretsOf([...V3, '-password=CANARY'])).toEqual(['CANARY']);
    expect(secretsOf(V3, { GIT_SYNC_PASSWORD: 'CANARY' })).toEqual(['CANARY']);
    expect(secretsOf([...V3, '-git-config=http.extraHeader:X-Token: CANARY'])).toContain('CANARY');
  });

  it('even when the command line is refused later', () => {
    expect(secretsOf(['--password=CANARY', '--nope'])).toEqual(['CANARY']);
  });
});

describe('what is shown of the settings', () => {
  it('is what was set, by flag and by variable', () => {
    expect(shown(['--depth=2', '-v3'], { GIT_SYNC_ONE_TIME: 'true' })).toEqual({
      '--repo': 'https://git.example.com/team/site.git',
      '--root': '/root-dir',
      '--depth': '2',
      '--verbose': '3',
      $GIT_SYNC_ONE_TIME: 'true',
    });
  });

  it('has each secret replaced', () => {
    const env = { GITSYNC_PASSWORD: 'CANARY', GITSYNC_CREDENTIAL: CREDENTIAL };
    const argv = [
      '--username=u',
      '--git-config=http.extraHeader:CANARY,"url.https://u:CANARY@h/.insteadOf":x',
      '--webhook-url=http://u:CANARY@w/',
      '--askpass-url=http://u:CANARY@a/',
    ];
    const result = shown(argv, env);
    expect(JSON.stringify(result)).not.toContain('CANARY');
    expect(result).toMatchObject({
      $GITSYNC_PASSWORD: 'REDACTED',
      '--webhook-url': 'http://u:REDACTED@w/',
      '--git-config': '"http.extraHeader":"REDACTED","url.https://u:REDACTED@h/.insteadOf":"REDACTED"',
    });
  });

  it('collects the uses of a repeated flag', () => {
    expect(shown(['--ssh-key-file=/a', '--ssh-key-file=/b'])['--ssh-key-file']).toBe('/a,/b');
  });

  it('has the options that were not set as well from verbosity 4, and empty ones from 6', () => {
    expect(shown(['-v4'])).toMatchObject({ '--depth': '1', '--git-gc': 'always' });
    expect(shown(['-v4'])).not.toHaveProperty('--filter');
    expect(shown(['-v6'])).toHaveProperty('--filter', '');
    expect(shown(['-v6'])).not.toHaveProperty('--branch');
  });

  it('has the values of v3 with one dash, without the logging flags', () => {
    const { settings } = taken({
      argv: [...V3, '-logtostderr', '-password=CANARY'],
      env: { GIT_SYNC_DEPTH: '1' },
    });
    expect(settings.shown).toMatchObject({
      '-root': '/root-dir',
      '-password': 'REDACTED',
      $GIT_SYNC_DEPTH: '1',
    });
    expect(settings.shown).not.toHaveProperty('-logtostderr');
  });
});

describe('values out of files and Secrets, which end in a line end', () => {
  const passwords = (argv: readonly string[], env = {}) =>
    taken({ argv, env }).settings.credentials.map(({ username, password }) => [username, password]);

  it.each([
    ['$GITSYNC_PASSWORD', [...V4, '--username=u'], { GITSYNC_PASSWORD: 'pw\n' }],
    ['$GITSYNC_USERNAME', V4, { GITSYNC_USERNAME: 'u\n', GITSYNC_PASSWORD: 'pw' }],
    ['a CRLF', [...V4, '--username=u'], { GITSYNC_PASSWORD: 'pw\r\n' }],
    ['--credential', [...V4, '--credential={"url":"https://h","username":"u","password":"pw\\n"}'], {}],
    [
      '$GITSYNC_CREDENTIAL',
      V4,
      { GITSYNC_CREDENTIAL: '{"url":"https://h","username":"u","password":"pw\\n"}\n' },
    ],
    ['--password', [...V4, '--username=u', '--password=pw\n'], {}],
    ['-password of v3', [...V3, '-username=u', '-password=pw\n'], {}],
    ['$GIT_SYNC_PASSWORD of v3', [...V3, '-username=u'], { GIT_SYNC_PASSWORD: 'pw\r\n' }],
  ])('are taken without it: %s', (_, argv, env) => {
    expect(passwords(argv, env)).toEqual([['u', 'pw']]);
  });
});

describe('a short secret', () => {
  it('in the user part of the address is shown nowhere', () => {
    const argv = ['--repo=https://t0k@h/x', '--root=/r'];
    expect(taken({ argv }).settings.shown['--repo']).toBe('https://REDACTED@h/x');
    expect(taken({ argv: ['-repo=https://t0k:@h/x', '-root=/r'] }).settings.shown['-repo']).toBe(
      'https://REDACTED:@h/x',
    );
  });

  it('leaves the words of a line alone that happen to hold it', () => {
    const secrets = createSecrets();
    parse({ argv: [...V4, '--username=u'], env: { GITSYNC_PASSWORD: 'no' }, secrets });
    expect(secrets.redact('git fetch --no-progress, password=no')).toBe(
      'git fetch --no-progress, password=REDACTED',
    );
  });
});
