/** What goes wrong around a pgbouncer, with the outcome of each: the old file stays, and the error says what to do. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { giveToServer } from '../../support/postgres/as-postgres.ts';
import {
  ADMIN,
  adminLine,
  login,
  type Pgbouncer,
  type PgbouncerOptions,
} from '../../support/postgres/pgbouncer.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type LogLine, type RunningCredentials, startCredentials } from './support/credentials.ts';
import {
  type Backend,
  CLIENT,
  configuration,
  consoleReload,
  IAM_USER,
  makeVolume,
  startBackend,
  startPool,
  type Volume,
} from './support/stack.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.stop());

async function useVolume(users?: string): Promise<Volume> {
  const volume = await makeVolume(users);
  onTestFinished(() => volume.remove());
  return volume;
}

async function usePool(volume: Volume, options: Partial<PgbouncerOptions> = {}): Promise<Pgbouncer> {
  const pool = await startPool(backend, volume, options);
  onTestFinished(() => pool.stop());
  return pool;
}

const toUserlist = (volume: Volume) => ({ format: 'pgbouncer', path: volume.usersFile, mode: '0640' });

function start(entry: Readonly<Record<string, unknown>>): Promise<RunningCredentials> {
  return startCredentials(configuration(entry), { env: backend.aws.podIdentity(backend.tokenFile) });
}

const firstFailure = (running: RunningCredentials): Promise<LogLine> =>
  waitFor(() => running.said('cannot deliver the credential')[0], { what: 'a failed delivery' });

describe('a reload', () => {
  it('that the console refuses is tried again without a new token, and works once the password is right', async () => {
    const volume = await useVolume();
    const pool = await usePool(volume);
    const passwordFile = path.join(volume.path, 'admin');
    await writeFile(passwordFile, 'wrong');
    const running = await start({
      outputs: [toUserlist(volume)],
      reload: [{ ...consoleReload(backend, pool), 'password-file': passwordFile }],
    });
    expect(await firstFailure(running)).toMatchObject({
      code: 'reload_failed',
      hint: expect.stringContaining('admin_users'),
    });
    await writeFile(passwordFile, ADMIN.password);
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    expect(running.said('new credential')).toHaveLength(1);
    expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeUndefined();
  });

  it('of a pgbouncer that reads another file (a subPath mount) fails its proof, and the hint says why', async () => {
    const volume = await useVolume();
    const other = await useVolume();
    const pool = await usePool(volume);
    const running = await start({ outputs: [toUserlist(other)], reload: [consoleReload(backend, pool)] });
    expect(await firstFailure(running)).toMatchObject({
      code: 'reload_not_proved',
      hint: expect.stringContaining('auth_file must be this very path'),
    });
  });

  it.each(['require', 'disable'] as const)(
    'is proved by a new server connection where pgbouncer asks clients for no password (TLS to the server: %s)',
    async (serverTls) => {
      const volume = await useVolume();
      const pool = await usePool(volume, { authType: 'trust', serverTls });
      const running = await start({ outputs: [toUserlist(volume)], reload: [consoleReload(backend, pool)] });
      await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
      const before = backend.accepted.length;
      backend.verifier.keys.clear();
      running.signal('SIGHUP');
      await waitFor(() => running.said('credential delivered').length > 1, { what: 'the second delivery' });
      expect(backend.accepted.length).toBeGreaterThan(before);
    },
  );

  it('whose token the database refuses says so, with what can be behind "PAM authentication failed"', async () => {
    const volume = await useVolume();
    const pool = await usePool(volume);
    const running = await start({
      outputs: [toUserlist(volume)],
      reload: [{ ...consoleReload(backend, pool), database: 'pam' }],
    });
    const failure = await firstFailure(running);
    expect(failure['code']).toBe('reload_not_proved');
    expect(failure['hint']).toMatch(/rds_iam.*CNAME.*clock.*TLS.*iam-db-auth-error/);
  });

  it('finds a pgbouncer that starts only later, and the first file is enough to be ready', async () => {
    const volume = await useVolume();
    const pool = await usePool(volume);
    await pool.stop();
    const running = await start({ outputs: [toUserlist(volume)], reload: [consoleReload(backend, pool)] });
    await waitFor(() => running.said('written; what is to be reloaded does not run yet').length === 1, {
      what: 'the first file',
    });
    expect((await running.get('/readyz')).status).toBe(200);
    expect(await running.status()).toMatchObject({ level: 'ok', reloadPending: true });
    expect(running.said('cannot deliver the credential')).toEqual([]);
  });

  it('of a version with a known hole is warned of once', async () => {
    const volume = await useVolume();
    const pool = await usePool(volume);
    const running = await start({ outputs: [toUserlist(volume)], reload: [consoleReload(backend, pool)] });
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    running.signal('SIGHUP');
    await waitFor(() => running.said('credential delivered').length > 1, { what: 'the second delivery' });
    expect(running.log().filter(({ msg }) => msg.includes('CVE-2026-107350'))).toHaveLength(1);
  });
});

describe('a userlist', () => {
  it('with a torn line is mended: the users after it log in again', async () => {
    const volume = await useVolume(`${adminLine}"torn" "to\n"${CLIENT.user}" "${CLIENT.password}"\n`);
    const pool = await usePool(volume);
    expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeDefined();
    const running = await start({ outputs: [toUserlist(volume)], reload: [consoleReload(backend, pool)] });
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeUndefined();
    expect(running.log().some(({ msg }) => msg.includes('cannot read line 2'))).toBe(true);
  });

  it('gets no token that this pgbouncer cannot read, and the limit is named', async () => {
    const volume = await useVolume();
    const pool = await usePool(volume);
    const before = await readFile(volume.usersFile, 'utf8');
    const program = path.join(volume.path, 'token');
    const token = 'x'.repeat(2048);
    await writeFile(
      program,
      `#!/bin/sh\necho '{"username":"${IAM_USER}","token":"${token}","expiresIn":60}'\n`,
    );
    await chmod(program, 0o755);
    const entry = { provider: 'exec', command: [program], host: undefined, port: undefined, user: undefined };
    const running = await start({
      ...entry,
      outputs: [toUserlist(volume)],
      reload: [consoleReload(backend, pool)],
    });
    const failure = await firstFailure(running);
    expect(failure).toMatchObject({ code: 'password_too_long', hint: expect.stringContaining('1.26') });
    expect(failure['error']).toMatch(/2048 bytes and pgbouncer 1\.\d+\.\d+ reads at most 2047/);
    expect(await readFile(volume.usersFile, 'utf8')).toBe(before);
    await writeFile(
      program,
      `#!/bin/sh\necho '{"username":"${IAM_USER}","token":"${token.slice(1)}","expiresIn":60}'\n`,
    );
    running.signal('SIGHUP');
    await waitFor(async () => (await readFile(volume.usersFile, 'utf8')).includes(token.slice(1)), {
      what: 'the token that fits',
    });
  });
});

describe('a test login', () => {
  const testLogin = (database: string) => ({
    database,
    host: 'localhost',
    port: backend.postgres.port,
    'ca-file': backend.postgres.caFile,
  });

  it('keeps a token that the database refuses out of every file', async () => {
    const volume = await useVolume();
    const before = await readFile(volume.usersFile, 'utf8');
    const running = await start({
      outputs: [toUserlist(volume), `raw=${volume.path}/token`],
      'test-login': testLogin('pam'),
    });
    const failure = await firstFailure(running);
    expect(failure['code']).toBe('login_refused');
    expect(failure['hint']).toContain('iam-db-auth-error');
    expect(await readFile(volume.usersFile, 'utf8')).toBe(before);
    await expect(readFile(`${volume.path}/token`)).rejects.toThrow('ENOENT');
    expect((await running.get('/readyz')).status).toBe(503);
  });

  it('lets a good token through, over TLS with a verified certificate', async () => {
    const volume = await useVolume();
    const entry = { outputs: [`raw=${volume.path}/token`] };
    const running = await start({ ...entry, 'test-login': testLogin('app') });
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    const unverified = await start({ ...entry, 'test-login': { ...testLogin('app'), 'ca-file': undefined } });
    expect(await firstFailure(unverified)).toMatchObject({
      code: 'login_refused',
      hint: expect.stringContaining('ca-file'),
    });
  });
});

describe('a source', () => {
  it('that is down for two lives leaves the last file, and readiness goes only when it has really expired', async () => {
    const volume = await useVolume();
    backend.aws.setLife(6000);
    onTestFinished(() => {
      backend.aws.setLife(3_600_000);
      backend.aws.fail(0);
    });
    const running = await start({ outputs: [toUserlist(volume)], timeout: '2s' });
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the first delivery' });
    backend.aws.fail(500);
    const written = await readFile(volume.usersFile, 'utf8');
    const expiresAt = Date.parse(String((await running.status())['expiresAt']));
    await waitFor(() => running.said('cannot get a new credential').length > 0, { what: 'a failure' });
    if (Date.now() < expiresAt - 500) {
      expect((await running.get('/readyz')).status).toBe(200);
    }
    await waitFor(async () => (await running.get('/readyz')).status === 503, {
      what: 'the end of readiness',
    });
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    await waitFor(() => Date.now() > expiresAt + 6000, { what: 'a second life' });
    expect(await readFile(volume.usersFile, 'utf8')).toBe(written);
    const { body } = await running.get('/metrics');
    expect(body).toMatch(/pillion_credentials_level\{credential="orders"\} 4/);
    expect(body).toMatch(
      /refresh_total\{credential="orders",result="failure",reason="(aws_\w+|source_timeout)"\} [1-9]/,
    );
    backend.aws.fail(0);
    await waitFor(async () => (await running.get('/readyz')).status === 200, { what: 'readiness' });
    expect(await readFile(volume.usersFile, 'utf8')).not.toBe(written);
  });

  it('whose session ends soon gives tokens that end with it, and the next is asked for before', async () => {
    const volume = await useVolume();
    backend.aws.setLife(180_000);
    onTestFinished(() => backend.aws.setLife(3_600_000));
    const before = Date.now();
    const running = await start({ outputs: [toUserlist(volume)] });
    await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
    const { body } = await running.get('/metrics');
    const expiry =
      Number(/expiry_timestamp_seconds\{credential="orders"\} ([\d.e+]+)/.exec(body)?.[1]) * 1000;
    expect(expiry).toBeLessThanOrEqual(Date.now() + 180_000);
    expect(expiry).toBeGreaterThan(before + 170_000);
    const next = Date.parse(String((await running.status())['nextRefresh']));
    expect(next - before).toBeLessThan(95_000);
  });
});

it('what a killed predecessor left half written is removed', async () => {
  const volume = await useVolume();
  const leftover = path.join(volume.path, '.users.txt.pillion-0123456789abcdef.tmp');
  await writeFile(leftover, 'half');
  giveToServer(leftover);
  const running = await start({ outputs: [toUserlist(volume)] });
  await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
  await expect(readFile(leftover)).rejects.toThrow('ENOENT');
});
