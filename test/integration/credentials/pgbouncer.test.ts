/** The main job: a token in pgbouncer's userlist, replaced before it ends, with pgbouncer told and the login proved. */
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serverUser } from '../../support/postgres/as-postgres.ts';
import { pgbouncerOfDebian13 } from '../../support/postgres/debian-13.ts';
import { login, ownPgbouncer, type PgbouncerOptions } from '../../support/postgres/pgbouncer.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startCredentials } from './support/credentials.ts';
import {
  type Backend,
  CLIENT,
  configuration,
  consoleReload,
  LONG_SESSION,
  makeVolume,
  startBackend,
  startPool,
} from './support/stack.ts';

/** Between two logins of a client: a check by SCRAM takes a core for milliseconds. */
const PAUSE_MS = 100;
let backend: Backend;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.stop());

const newer = pgbouncerOfDebian13();
const versions: [string, readonly string[]][] = [
  ["the machine's own", ownPgbouncer()],
  ...(newer === undefined ? [] : [['that of Debian 13', newer] as [string, readonly string[]]]),
];

/** With a pgbouncer whose clients are checked in that way; the token has 1,400 bytes. */
async function deliverLongToken(
  command: readonly string[],
  authType: string,
  options: Partial<PgbouncerOptions> = {},
  reload: object = {},
) {
  const volume = await makeVolume();
  const pool = await startPool(backend, volume, { command, authType, ...options });
  onTestFinished(async () => {
    await pool.stop();
    await volume.remove();
  });
  backend.aws.setLife(3_600_000);
  backend.aws.setSessionBytes(LONG_SESSION);
  onTestFinished(() => backend.aws.setSessionBytes(500));
  const running = await startCredentials(
    configuration({
      outputs: [{ format: 'pgbouncer', path: volume.usersFile, mode: '0640' }],
      reload: [{ ...consoleReload(backend, pool), ...reload }],
    }),
    { env: backend.aws.podIdentity(backend.tokenFile) },
  );
  await waitFor(() => running.said('credential delivered').length > 0, { what: 'the delivery' });
  expect(running.said('cannot deliver the credential')).toEqual([]);
  expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeUndefined();
  return { running, pool };
}

describe.each(versions)('with the pgbouncer %s', (_name, command) => {
  it('logins through it keep working over several lives of a token, each reload proved by a login', async () => {
    const volume = await makeVolume();
    const pool = await startPool(backend, volume, { command, serverLifetimeSeconds: 1 });
    onTestFinished(async () => {
      await pool.stop();
      await volume.remove();
    });
    backend.aws.setLife(8000);
    const running = await startCredentials(
      configuration({
        outputs: [{ format: 'pgbouncer', path: volume.usersFile, mode: '0640' }],
        reload: [consoleReload(backend, pool)],
      }),
      { env: backend.aws.podIdentity(backend.tokenFile) },
    );
    await waitFor(() => running.said('credential delivered').length >= 4, { what: 'four deliveries' });
    expect(await login({ port: pool.port, ...CLIENT, database: 'app' })).toBeUndefined();
    expect(running.said('cannot deliver the credential')).toEqual([]);
    const status = await running.status();
    expect(status).toMatchObject({ level: 'ok', reloadPending: false, user: 'app_iam' });
    expect(status['pgbouncerVersion']).toMatch(/^1\.\d+\.\d+$/);
    const users = await readFile(volume.usersFile, 'utf8');
    expect(users).toMatch(/^"admin" "admin-password"\n"django" "static-password"\n"app_iam" "orders\.c1a2b3/);
    const { mode, uid, gid } = await stat(volume.usersFile);
    expect([mode & 0o7777, uid, gid]).toEqual([0o640, serverUser().uid, serverUser().gid]);
  });

  it('a token that is too long for a check by SCRAM is proved by a new server connection of the admin', async () => {
    const { running } = await deliverLongToken(command, 'scram-sha-256');
    const said = running.log().filter(({ msg }) => msg.includes('stands in for the proof'));
    expect(said).toHaveLength(1);
    // A token that the database refuses fails that proof.
    backend.aws.setKeysKnown(false);
    onTestFinished(() => backend.aws.setKeysKnown(true));
    running.signal('SIGHUP');
    const failure = await waitFor(() => running.said('cannot deliver the credential')[0], {
      what: 'a failure',
    });
    expect(failure['code']).toBe('reload_not_proved');
  });

  it('the same token is proved by its own login where MD5 checks clients', async () => {
    const { running } = await deliverLongToken(command, 'md5');
    expect(running.log().filter(({ msg }) => msg.includes('proof'))).toEqual([]);
  });
  it('nobody is turned away by renewals while logins to the database are under way', {
    timeout: 120_000,
  }, async () => {
    backend.setLoginDelay(500);
    onTestFinished(() => backend.setLoginDelay(0));
    const { running, pool } = await deliverLongToken(command, 'scram-sha-256', {
      serverLifetimeSeconds: 1,
    });
    const isOver = new AbortController();
    const said: string[] = [];
    let logins = 0;
    const client = async (): Promise<void> => {
      while (!isOver.signal.aborted) {
        const error = await login({ port: pool.port, ...CLIENT, database: 'app' });
        logins += 1;
        if (error !== undefined) {
          said.push(error);
        }
        await delay(PAUSE_MS);
      }
    };
    const clients = Array.from({ length: 3 }, client);
    for (let round = 2; round <= 6; round += 1) {
      running.signal('SIGHUP');
      await waitFor(() => running.said('credential delivered').length >= round, {
        what: 'a delivery',
        timeoutMs: 60_000,
      });
    }
    isOver.abort();
    await Promise.all(clients);
    expect(said).toEqual([]);
    expect(logins).toBeGreaterThan(20);
    expect(running.said('cannot deliver the credential')).toEqual([]);
  });

  it.each([
    [{ default_pool_size: 2 }, true],
    [{ pool_mode: 'session', default_pool_size: 2 }, true],
    // Nothing can be held without transactions, or where no other connection may be made.
    [{ pool_mode: 'statement' }, false],
    [{ max_db_connections: 1 }, false],
    [{ max_user_connections: 1 }, false],
    [{ default_pool_size: 1 }, false],
  ])(
    'renewals go through while clients use a pool with %j',
    {
      timeout: 90_000,
    },
    async (settings, canHold) => {
      // A connection is held for half of this at most.
      const reload = { timeout: '30s' };
      const { running, pool } = await deliverLongToken(command, 'scram-sha-256', { settings }, reload);
      const isOver = new AbortController();
      const said: string[] = [];
      let longestMs = 0;
      const client = async (): Promise<void> => {
        while (!isOver.signal.aborted) {
          const started = performance.now();
          said.push((await login({ port: pool.port, ...CLIENT, database: 'app' })) ?? '');
          longestMs = Math.max(longestMs, performance.now() - started);
          await delay(PAUSE_MS);
        }
      };
      const clients = [client(), client()];
      for (let round = 2; round <= 3; round += 1) {
        running.signal('SIGHUP');
        await waitFor(() => running.said('credential delivered').length >= round, {
          what: 'a delivery',
          timeoutMs: 30_000,
        });
      }
      isOver.abort();
      await Promise.all(clients);
      expect(running.said('cannot deliver the credential')).toEqual([]);
      expect(canHold ? said.filter(Boolean) : []).toEqual([]);
      expect(longestMs).toBeLessThan(12_000);
    },
  );
});
