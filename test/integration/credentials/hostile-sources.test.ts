/** The running sidecar in front of sources that hang, lie about the time, or answer with what no file can hold. */
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type RunningCredentials, startCredentials } from './support/credentials.ts';
import { serve } from './support/scripted-server.ts';

const temp = useTempDir();

function start(source: object): Promise<RunningCredentials> {
  const entry = { user: 'app', outputs: [`pgbouncer=${temp.join('users.txt')}`], ...source };
  return startCredentials(JSON.stringify({ 'http-bind': '127.0.0.1:0', credentials: [entry] }));
}

async function program(script: string): Promise<object> {
  await writeFile(temp.join('program'), `#!/bin/sh\n${script}\n`);
  await chmod(temp.join('program'), 0o755);
  return { provider: 'exec', command: [temp.join('program')] };
}

const refused = (running: RunningCredentials) =>
  waitFor(() => running.said('cannot get a new credential')[0], { what: 'a refused answer' });

describe('SIGTERM ends a sidecar at once', () => {
  it('whose server does not answer', async () => {
    const server = await serve(() => undefined);
    const running = await start({ provider: 'http', url: server.url });
    await waitFor(() => server.seen.length > 0, { what: 'the question' });
    running.signal('SIGTERM');
    await running.exit;
    expect(running.said('the work did not end in time, and is abandoned')).toEqual([]);
    expect(existsSync(temp.join('users.txt'))).toBe(false);
  });

  it('whose program hangs, and ends the program and its children too', async () => {
    const running = await start(await program(`sleep 600 & echo $! > ${temp.join('pid')}; sleep 600`));
    const pid = await waitFor(
      async () => Number(existsSync(temp.join('pid')) && (await readFile(temp.join('pid'), 'utf8'))),
      { what: 'the child' },
    );
    running.signal('SIGTERM');
    await running.exit;
    await waitFor(() => !isAlive(pid), { what: 'the end of the child' });
    expect(running.said('the work did not end in time, and is abandoned')).toEqual([]);
  });
});

it('a clock that is wrong by more than five minutes is warned of, once, and measured', async () => {
  const behind = () => new Date(Date.now() - 600_000).toUTCString();
  const server = await serve(() => ({ body: `token-${Date.now()}`, headers: { date: behind() } }));
  const running = await start({
    provider: 'http',
    url: server.url,
    'min-interval': '50ms',
    'max-interval': '50ms',
  });
  await waitFor(() => running.said('new credential').length > 2, { what: 'three answers' });
  const warnings = running.said("this machine's clock is wrong by more than five minutes");
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ hint: expect.stringContaining('set the clock of the node') });
  const { body } = await running.get('/metrics');
  const skew = Number(/clock_skew_seconds\{credential="default"\} ([\d.]+)/.exec(body)?.[1]);
  expect(Math.abs(skew - 600)).toBeLessThan(60);
});

describe('an answer', () => {
  it.each([
    ['a NUL in its password', '{"token":"canary\\u0000"}', /control character/],
    ['a line end in its password', '{"token":"canary\\n\\"z\\" \\"x\\""}', /control character/],
    ['a line end in its user', '{"username":"a\\nb","token":"canary"}', /control character/],
    ['a user of 1 MB', `{"username":"${'u'.repeat(1_000_000)}","token":"canary"}`, /longer than 65530 bytes/],
    ['a password of 1 MB', `{"token":"${'canary'.repeat(160_000)}"}`, /longer than 65530 bytes/],
    ['an end that was in 1970', '{"token":"canary","expiresAt":1}', /ended \d+ s ago/],
    ['an end that is no time', '{"token":"canary","expiresAt":"soon"}', /is no time/],
    ['bytes that are no UTF-8', Buffer.from('{"token":"canary\xe9\xff"}', 'latin1'), /is not UTF-8/],
    ['half a surrogate pair', '{"token":"canary\\ud800"}', /is not UTF-8/],
    ['an object of 100,000 levels', '['.repeat(100_000), /not JSON/],
  ])('with %s is refused without repeating it, and no file is made', async (_what, answer, message) => {
    await writeFile(temp.join('answer'), answer);
    const running = await start(await program(`cat ${temp.join('answer')}`));
    expect((await refused(running))['error']).toMatch(message);
    expect(running.lines().join('\n')).not.toContain('canary');
    expect(running.lines().join('\n').length).toBeLessThan(20_000);
    expect(existsSync(temp.join('users.txt'))).toBe(false);
    expect((await running.get('/readyz')).status).toBe(503);
  });

  it.each(['file', 'http'])('of the source %s with bytes that are no UTF-8 is refused', async (provider) => {
    const bytes = Buffer.from('canary\xe9\xff\n', 'latin1');
    await writeFile(temp.join('secret'), bytes);
    const { url } = await serve(() => ({ body: bytes }));
    const running = await start(
      provider === 'file' ? { provider, path: temp.join('secret') } : { provider, url },
    );
    expect((await refused(running))['error']).toMatch(/is not UTF-8/);
    expect(existsSync(temp.join('users.txt'))).toBe(false);
  });

  it('with a user that no userlist can hold is refused by the file, which stays', async () => {
    await writeFile(temp.join('users.txt'), '"z" "last"\n');
    const running = await start(await program(`echo '{"username":"${'u'.repeat(128)}","token":"t"}'`));
    const failure = await waitFor(() => running.said('cannot deliver the credential')[0], {
      what: 'a failure',
    });
    expect(failure).toMatchObject({
      code: 'value_not_writable',
      error: expect.stringContaining('127 bytes'),
    });
    expect(await readFile(temp.join('users.txt'), 'utf8')).toBe('"z" "last"\n');
  });
});
