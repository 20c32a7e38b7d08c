import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { installFake } from '../support/fake-programs.ts';
import { bareLineFeedAskpass, startHookServer, startRawServer } from '../support/hook-server.ts';
import { expectNoProcess, isAlive, processesWithMarker, treeOf } from '../support/processes.ts';
import { tryProgram } from '../support/run-program.ts';
import { expectNoLeaks, findLeaks, makeCanary } from '../support/secret-canary.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();

describe('canaries', () => {
  it('are found raw, URL-encoded and inside the base64 of something longer', () => {
    const canary = makeCanary('password');
    const { value } = canary;
    const texts = {
      raw: `password=${value}`,
      url: `https://user:${encodeURIComponent(value)}@host/`,
      form: new URLSearchParams({ a: value }).toString(),
      ...Object.fromEntries(
        ['', 'u:', 'us:', 'use:'].map((user) => [
          `base64 ${user}`,
          `Basic ${Buffer.from(`${user}${value} and more`).toString('base64')}`,
        ]),
      ),
      json: JSON.stringify({ value }),
    };
    expect(new Set(findLeaks([canary], texts).map((leak) => leak.where))).toEqual(
      new Set(Object.keys(texts)),
    );
    expect(() => expectNoLeaks([canary], { clean: 'password=[redacted]' })).not.toThrow();
  });
});

describe('the hook server', () => {
  it('answers as scripted, repeats the last answer and remembers what it was asked', async () => {
    const server = await startHookServer({ status: 500 }, { status: 204 });
    onTestFinished(async () => server.stop());
    const statuses: number[] = [];
    for (const _ of [1, 2, 3]) {
      statuses.push((await fetch(`${server.url}/hook`, { method: 'POST', body: 'x' })).status);
    }
    expect(statuses).toEqual([500, 204, 204]);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/hook', body: 'x' });
  });

  it('has a raw variant whose answer has bare line feeds and no length', async () => {
    const server = await startRawServer(bareLineFeedAskpass('me', 'secret'));
    onTestFinished(async () => server.stop());
    const answer = await tryProgram('git', ['ls-remote', server.url]);
    expect(answer.code).not.toBe(0);
    expect(server.requests[0]).toMatch(/^GET /);
    // fetch would refuse such an answer.
    const request = get(server.url, { insecureHTTPParser: true });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('username=me\npassword=secret\n');
  });
});

describe('the fake programs', () => {
  it('hang with a grandchild, ignore TERM, and are found by the marker until they are killed', async () => {
    const fake = await installFake(temp.join('bin'), 'git-hang', { ONLY: 'fetch', PIDS: temp.join('pids') });
    expect((await tryProgram(fake.path, ['--version'])).stdout).toMatch(/^git version/);
    const child = spawn(fake.path, ['fetch'], { detached: true, stdio: 'ignore' });
    const pid = Number(await waitFor(async () => readFile(temp.join('pids'), 'utf8'), { what: 'the fake' }));
    expect(pid).toBe(child.pid);
    await waitFor(() => treeOf(pid).length > 0, { what: 'the grandchild' });
    child.kill('SIGTERM');
    expect(isAlive(pid)).toBe(true);
    expect(processesWithMarker(temp.path).map((info) => info.pid)).toContain(pid);
    process.kill(-pid, 'SIGKILL');
    await expectNoProcess(temp.path);
  });

  it('record hooks and fail as many times as told', async () => {
    const hook = await installFake(temp.path, 'hook-record', {
      OUTPUT: temp.join('out'),
      CODE: 3,
      FAILURES: 1,
    });
    const env = { PATH: process.env['PATH'], GITSYNC_HASH: 'abc' };
    expect((await tryProgram(hook.path, ['arg'], { env, cwd: temp.path })).code).toBe(3);
    expect((await tryProgram(hook.path, [], { env, cwd: temp.path })).code).toBe(0);
    const dir = temp.path;
    expect(await readFile(temp.join('out'), 'utf8')).toBe(`abc|${dir}|arg|\nabc|${dir}||\n`);
  });
});
