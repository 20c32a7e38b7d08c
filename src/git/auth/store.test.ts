import { writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAppKey, startGitHubAppServer } from '../../../test/support/github-app-server.ts';
import { type HookAnswer, startHookServer } from '../../../test/support/hook-server.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import type { GitSettings } from '../settings.ts';
import { gitSettings } from '../testing/settings.ts';
import { ALL_SOURCES } from './sources/all.ts';
import type { LoadStatus } from './sources/source.ts';
import { createCredentialStore } from './store.ts';

const dir = useTempDir();
const { signal } = new AbortController();
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

function setUp(settings: GitSettings, now = () => Date.now()) {
  const secrets = createSecrets();
  const { log, lines } = createRecordedLog();
  const counted: string[] = [];
  const init = {
    settings,
    log,
    now,
    env: {},
    onRequest: (source: string, status: LoadStatus) => {
      counted.push(`${source} ${status}`);
    },
  };
  const sources = ALL_SOURCES.flatMap((make) => make(init) ?? []);
  const store = createCredentialStore(sources, secrets);
  return { store, secrets, lines, counted };
}

describe('the credentials of the settings', () => {
  it('answer for their server, and are redacted in every form from then on', async () => {
    const credentials = [{ url: 'https://host/x', username: 'me', password: 'p@ss:word' }];
    const { store, secrets, lines } = setUp(gitSettings({ credentials }));
    expect(store.authorization('https://host/repo')).toBeUndefined();
    await store.refresh(signal);
    expect(store.authorization('https://host/repo')).toBe(basic('me:p@ss:word'));
    expect(store.authorization('https://other/repo')).toBeUndefined();
    for (const form of ['p@ss:word', encodeURIComponent('p@ss:word'), basic('me:p@ss:word').slice(6)]) {
      expect(secrets.redact(`<${form}>`)).toBe('<REDACTED>');
    }
    expect(lines.join()).not.toContain('p@ss');
  });

  it('replace an earlier one of the same URL and user, and answer each for what is theirs', async () => {
    const credentials = [
      { url: 'https://host/a', username: 'me', password: 'older' },
      { url: 'https://host/a.git', username: 'me', password: 'old' },
      { url: 'https://host/a', username: 'me', password: 'mine' },
      { url: 'https://host', username: 'you', password: 'yours' },
      { url: 'https://host/b', username: 'me', password: 'new' },
    ];
    const { store } = setUp(gitSettings({ credentials }));
    await store.refresh(signal);
    expect(store.current().map(({ password }) => password)).toEqual(['old', 'mine', 'yours', 'new']);
    expect(store.authorization('https://me@host/')).toBe(basic('me:new'));
    expect(store.authorization('https://host/b')).toBe(basic('me:new'));
    expect(store.authorization('https://host/c')).toBe(basic('you:yours'));
  });
});

describe('a password file', () => {
  const settingsWithFile = () =>
    gitSettings({
      credentials: [{ url: 'https://h', username: 'me', passwordFile: dir.join('password') }],
    });

  it.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\nsecond line\n', 'secret'],
    [' with blanks ', ' with blanks '],
    ['', ''],
  ])('is read up to its first line end: %j', async (content, password) => {
    await writeFile(dir.join('password'), content);
    const { store } = setUp(settingsWithFile());
    await store.refresh(signal);
    expect(store.current().map((one) => one.password)).toEqual([password]);
  });

  it('is read again each time, and the one before stays redacted', async () => {
    await writeFile(dir.join('password'), 'first-one');
    const { store, secrets } = setUp(settingsWithFile());
    await store.refresh(signal);
    await writeFile(dir.join('password'), 'second-one');
    await store.refresh(signal);
    expect(store.current()[0]?.password).toBe('second-one');
    expect(secrets.redact('first-one second-one')).toBe('REDACTED REDACTED');
  });

  it('that cannot be read is an error that names it, and what was known stays', async () => {
    await writeFile(dir.join('password'), 'secret');
    const settings = settingsWithFile();
    const { store } = setUp(settings);
    await store.refresh(signal);
    const missing = {
      ...settings,
      credentials: [{ url: 'https://h', username: 'me', passwordFile: dir.path }],
    };
    await expect(setUp(missing).store.refresh(signal)).rejects.toMatchObject({
      code: 'password_file_unreadable',
      message: expect.stringContaining(dir.path),
    });
    expect(store.current()).toHaveLength(1);
  });
});

describe('the askpass URL', () => {
  async function startAskpass(...answers: readonly HookAnswer[]) {
    const server = await startHookServer(...answers);
    onTestFinished(async () => server.stop());
    return server;
  }

  it('is asked at each refresh, counted, and used for the repository', async () => {
    const answer = (password: string) => ({ body: `username=me\npassword=${password}\n` });
    const server = await startAskpass(answer('one'), answer('two'));
    const { store, counted } = setUp(gitSettings({ askpassUrl: server.url }));
    await store.refresh(signal);
    await store.refresh(signal);
    expect(store.current()).toMatchObject([{ username: 'me', password: 'two' }]);
    expect(counted).toEqual(['askpass success', 'askpass success']);
  });

  it('that fails is counted, fails the refresh, and what was known stays', async () => {
    const server = await startAskpass({ body: 'username=me\npassword=one\n' }, { status: 500 });
    const { store, counted } = setUp(gitSettings({ askpassUrl: server.url }));
    await store.refresh(signal);
    await expect(store.refresh(signal)).rejects.toMatchObject({ code: 'askpass_failed' });
    expect(counted).toEqual(['askpass success', 'askpass error']);
    expect(store.current()).toMatchObject([{ password: 'one' }]);
  });
});

describe('the token of a GitHub App', () => {
  it('is kept until half a minute before its end, and only then replaced', async () => {
    const key = makeAppKey();
    const issuer = { publicKey: key.publicKey, issuer: 'Iv1.x', installationId: '7' };
    const server = await startGitHubAppServer(issuer);
    onTestFinished(async () => server.stop());
    await writeFile(dir.join('key.pem'), key.privateKeyPem);
    const settings = gitSettings({
      githubApp: {
        baseUrl: server.url,
        issuer: 'Iv1.x',
        installationId: 7,
        privateKeyFile: dir.join('key.pem'),
      },
    });
    const started = Date.now();
    let now = started;
    const { store, counted } = setUp(settings, () => now);
    await store.refresh(signal);
    now = started + 3_600_000 - 40_000;
    await store.refresh(signal);
    expect(server.requests).toHaveLength(1);
    expect(store.current()).toMatchObject([{ username: '-', password: server.tokens[0] }]);
    expect(counted).toEqual(['github-app success']);
    // The server checks the times of the request, so the clock goes back before a second one.
    server.failNext(500);
    now = started + 3_600_000 - 20_000;
    await expect(store.refresh(signal)).rejects.toThrow();
    expect(server.requests.length).toBeGreaterThan(1);
    expect(counted.at(-1)).toBe('github-app error');
    expect(store.current()).toMatchObject([{ password: server.tokens[0] }]);
  });
});
