import { describe, expect, it } from 'vitest';
import { parse, taken, V3, V4 } from './testing/parse.ts';

function secretsOf(argv: readonly string[], env = {}): string[] {
  const seen: string[] = [];
  parse({ argv, env, onSecret: (value) => seen.push(value) });
  return seen;
}

const shown = (argv: readonly string[], env = {}) => taken({ argv: [...V4, ...argv], env }).settings.shown;
const CREDENTIAL = '{"url":"https://a:CANARY2@h","username":"n","password":"CANARY"}';

describe('every secret is told before anything is printed', () => {
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
