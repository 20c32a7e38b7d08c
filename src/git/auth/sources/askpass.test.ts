import { afterEach, describe, expect, it } from 'vitest';
import {
  bareLineFeedAskpass,
  type HookAnswer,
  startHookServer,
  startRawServer,
} from '../../../../test/support/hook-server.ts';
import { askPassword, parseAskpass } from './askpass.ts';

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

function keep<T extends { stop(): Promise<void> }>(server: T): T {
  started.push(server);
  return server;
}

async function startAnswering(...answers: readonly HookAnswer[]) {
  return keep(await startHookServer(...answers));
}

const { signal } = new AbortController();

function ask(url: string) {
  return askPassword(url, signal, {});
}

describe('the answer of an askpass URL', () => {
  it.each([
    ['username=u\npassword=p\n', 'u', 'p'],
    ['password=p\r\nusername=u\r\n', 'u', 'p'],
    ['username=u\npassword=a=b==', 'u', 'a=b=='],
    ['noise\n=x\nexpires=1\nusername=u\npassword=p', 'u', 'p'],
    ['username=first\nusername=last\npassword=p', 'last', 'p'],
    ['', '', ''],
  ])('%j is read as name and password', (body, username, password) => {
    expect(parseAskpass(body)).toEqual({ username, password });
  });

  it('may come with bare line feeds and without a length', async () => {
    const server = keep(await startRawServer(bareLineFeedAskpass('my-username', 'my-password')));
    expect(await ask(`${server.url}/git_askpass`)).toEqual({
      username: 'my-username',
      password: 'my-password',
    });
    expect(server.requests[0]).toMatch(/^GET \/git_askpass HTTP\/1\.1\r\n/);
  });
});

describe('an askpass URL', () => {
  it('is asked with the user info it has', async () => {
    const server = await startAnswering({ body: 'username=u\npassword=p\n' });
    expect(await ask(`${server.url.replace('//', '//me:pw@')}/x?y`)).toEqual({
      username: 'u',
      password: 'p',
    });
    expect(server.requests).toMatchObject([
      { method: 'GET', path: '/x?y', headers: { authorization: 'Basic bWU6cHc=' } },
    ]);
  });

  it.each([204, 302, 401, 503])('that answers with status %d has failed, redirect or not', async (status) => {
    const server = await startAnswering({ status, headers: { location: '/elsewhere' } });
    await expect(ask(server.url)).rejects.toMatchObject({
      code: 'askpass_failed',
      message: `the askpass URL answered with status ${status}`,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['never', 'after-headers'] as const)('that hangs (%s) has failed after a second', async (hang) => {
    const server = await startAnswering({ hang });
    const begin = performance.now();
    await expect(ask(server.url)).rejects.toThrow('no complete answer within 1000 ms');
    expect(performance.now() - begin).toBeGreaterThan(950);
  });

  it('that answers without end has failed', async () => {
    const server = await startAnswering({ body: 'x'.repeat(70_000) });
    await expect(ask(server.url)).rejects.toThrow('the answer is longer than 65536 bytes');
  });

  it.each([
    'http://127.0.0.1:1/s3cret?s3cret',
    'http://u:s3cret@nowhere.invalid/',
    's3cret',
    'ftp://s3cret/',
  ])('that cannot be used (%s) is not quoted in the error', async (url) => {
    await expect(ask(url)).rejects.toMatchObject({
      code: 'askpass_failed',
      message: expect.not.stringContaining('s3cret'),
    });
  });
});
