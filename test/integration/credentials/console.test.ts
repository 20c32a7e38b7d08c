/** Consoles of pgbouncers that cannot be had here: newer ones, and such as lie, refuse or say nothing. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type FakePgbouncerInit, startFakePgbouncer } from '../../support/postgres/fake-pgbouncer.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type RunningCredentials, startCredentials } from './support/credentials.ts';

const temp = useTempDir();

interface Started {
  readonly running: RunningCredentials;
  readonly seen: readonly string[];
  readonly users: () => Promise<string>;
}

/** A sidecar whose program prints that token, in front of such a pgbouncer; the file has a user already. */
async function start(token: string, init: FakePgbouncerInit, reload: object = {}): Promise<Started> {
  const fake = await startFakePgbouncer(init);
  onTestFinished(() => fake.stop());
  const program = temp.join('token');
  await writeFile(temp.join('answer'), JSON.stringify({ username: 'app', token, expiresIn: 900 }));
  await writeFile(program, `#!/bin/sh\ncat ${temp.join('answer')}\n`);
  await chmod(program, 0o755);
  const file = temp.join('users.txt');
  await writeFile(file, '"z" "last"\n');
  const running = await startCredentials(
    JSON.stringify({
      'http-bind': '127.0.0.1:0',
      credentials: [
        {
          provider: 'exec',
          command: [program],
          outputs: [`pgbouncer=${file}`],
          reload: [
            {
              type: 'pgbouncer',
              address: `127.0.0.1:${fake.port}`,
              database: 'app',
              timeout: '2s',
              ...reload,
            },
          ],
        },
      ],
    }),
  );
  return { running, seen: fake.seen, users: () => readFile(file, 'utf8') };
}

const delivered = ({ running }: Started) =>
  waitFor(() => running.said('credential delivered')[0], { what: 'the delivery' });
const failed = ({ running }: Started) =>
  waitFor(() => running.said('cannot deliver the credential')[0], { what: 'a failed delivery' });

const NEWEST = { server_version: '1.26.1/bouncer', 'pgbouncer.version': '1.26.1' };

it('pgbouncer 1.26 gets tokens of up to 65,530 bytes, by the version that it tells at login', async () => {
  const token = 'x'.repeat(65_530);
  const started = await start(token, { parameters: NEWEST });
  await delivered(started);
  expect(await started.users()).toBe(`"z" "last"\n"app" "${token}"\n`);
  expect(await started.running.status()).toMatchObject({ pgbouncerVersion: '1.26.1' });
  expect(started.seen.filter((one) => one === 'RELOAD')).toHaveLength(1);
  expect(started.seen.at(-2)).toBe('login app');
});

it('pgbouncer 1.26 gets none that takes more with its quotes doubled, and the limit is named', async () => {
  const started = await start('"'.repeat(40_000), { parameters: NEWEST });
  expect((await failed(started))['error']).toMatch(
    /takes 80000 bytes and pgbouncer 1\.26\.1 reads at most 65530/,
  );
  expect(await started.users()).toBe('"z" "last"\n');
});

it.each([
  ['pgbouncer 1.25', '1.25.2/bouncer', /pgbouncer 1\.25\.2 reads at most 2047/],
  ['PostgreSQL', '15.2 (Debian 15.2-1)', /an unknown version .* reads at most 2047/],
  ['nonsense of 200 kB', `${'9'.repeat(200_000)}/bouncer`, /an unknown version .* reads at most 2047/],
])('a server that calls itself %s gets no longer token than that reads', async (_name, version, message) => {
  const started = await start('x'.repeat(2048), { parameters: { server_version: version } });
  expect((await failed(started))['error']).toMatch(message);
  expect(await started.users()).toBe('"z" "last"\n');
});

it('RELOAD that is refused is tried again without another question to the source', async () => {
  let refusals = 0;
  const answer = (statement: string) =>
    statement === 'RELOAD' && refusals < 2 ? (refusals++, new Error('admin access needed')) : [];
  const started = await start('short', { parameters: NEWEST, answer });
  expect(await failed(started)).toMatchObject({
    code: 'reload_failed',
    error: expect.stringContaining('admin access'),
  });
  await delivered(started);
  expect(started.running.said('new credential')).toHaveLength(1);
  expect(await started.users()).toContain('"app" "short"');
});

it('RELOAD that is never answered is given up, and the file stays', async () => {
  const answer = (statement: string) => (statement === 'RELOAD' ? undefined : []);
  const started = await start('short', { parameters: NEWEST, answer });
  expect(await failed(started)).toMatchObject({
    code: 'reload_failed',
    error: expect.stringContaining('timeout'),
  });
  expect(await started.users()).toContain('"app" "short"');
});

it('pools that are always logging in do not hold up a RELOAD', async () => {
  const pool = { database: 'app', user: 'app', cl_active: '9', cl_waiting: '3', sv_idle: '0', sv_login: '1' };
  const answer = (statement: string) => (statement === 'SHOW POOLS' ? [pool] : []);
  const started = await start('short', { parameters: NEWEST, answer });
  await delivered(started);
});

it('a console that floods with rows does not make the sidecar grow', {
  timeout: 120_000,
}, async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(1000) }));
  const answer = (statement: string) => (statement === 'SHOW CONFIG' ? rows : []);
  const started = await start('short', { parameters: NEWEST, answer }, { timeout: '10s' });
  await delivered(started);
  const status = await readFile(`/proc/${started.running.pid}/status`, 'utf8');
  expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])).toBeLessThan(100_000);
});
