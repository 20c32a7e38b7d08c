/** Hours of production in little: tokens that really expire after seconds, new logins to the database every 2 s. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { pgbouncerOfDebian13 } from '../../support/postgres/debian-13.ts';
import { ownPgbouncer, type Pgbouncer } from '../../support/postgres/pgbouncer.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type RunningCredentials, startCredentials } from './support/credentials.ts';
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

/**
 * The whole soak takes five minutes, on a machine that has nothing else to do: PILLION_CREDENTIALS_SOAK_SECONDS=300. In the
 * usual run tokens live twice as long: among other tests a new one may take seconds to get and to bring to pgbouncer.
 */
const SOAK = process.env['PILLION_CREDENTIALS_SOAK_SECONDS'];
const SECONDS = Number(SOAK ?? 20);
const LIFE_MS = SOAK === undefined ? 16_000 : 8000;
const CLIENTS = 4;

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ lifeMs: LIFE_MS, maxAgeMs: LIFE_MS });
  backend.aws.setSessionBytes(LONG_SESSION);
});
afterAll(() => backend.stop());

interface Load {
  queries: number;
  readonly failures: string[];
}

/** One application process: connects, works for two seconds, connects again, as Django does with CONN_MAX_AGE. */
async function application(port: number, load: Load, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const client = new Client({ host: '127.0.0.1', port, database: 'app', ...CLIENT, query_timeout: 30_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const end = performance.now() + 2000;
      while (performance.now() < end && !signal.aborted) {
        await client.query('SELECT 1');
        load.queries += 1;
        await delay(50);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown';
      load.failures.push(`${new Date().toISOString()} ${message}`);
      await delay(200);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Lines of a server's log that tell of trouble. */
const linesOf = (log: string): string[] =>
  log.split('\n').filter((line) => /WARN|ERROR|FATAL|fail|RELOAD/i.test(line));

/** Whether each token was delivered before the one in front of it ended, as far as the log tells. */
function wasInTime(running: RunningCredentials): boolean {
  const ends = running.said('new credential').map(({ expiresAt }) => Date.parse(String(expiresAt)));
  const times = running.said('credential delivered').map(({ ts }) => Date.parse(String(ts)));
  const last = ends.at(times.length - 1) ?? 0;
  return times.slice(1).every((at, index) => at < (ends[index] ?? 0)) && Date.now() < last;
}

async function under(pool: Pgbouncer, ms: number): Promise<Load> {
  const load: Load = { queries: 0, failures: [] };
  const stop = AbortSignal.timeout(ms);
  await Promise.all(Array.from({ length: CLIENTS }, () => application(pool.port, load, stop)));
  return load;
}

async function stage(command: readonly string[]): Promise<{ pool: Pgbouncer; running: RunningCredentials }> {
  const volume = await makeVolume();
  const pool = await startPool(backend, volume, { command, serverLifetimeSeconds: 2 });
  onTestFinished(async () => {
    await pool.stop();
    await volume.remove();
  });
  const running = await startCredentials(
    configuration({
      outputs: [{ format: 'pgbouncer', path: volume.usersFile, mode: '0640' }],
      reload: [consoleReload(backend, pool)],
    }),
    { env: backend.aws.podIdentity(backend.tokenFile) },
  );
  await waitFor(() => running.said('credential delivered').length > 0, { what: 'the first delivery' });
  return { pool, running };
}

it('no login fails while tokens end within seconds, for the pgbouncers of both Debian releases', {
  timeout: SECONDS * 1000 + 180_000,
}, async () => {
  const newer = pgbouncerOfDebian13();
  const commands = [ownPgbouncer(), ...(newer === undefined ? [] : [newer])];
  const loads = await Promise.all(
    commands.map(async (command) => {
      const { pool, running } = await stage(command);
      const load = await under(pool, SECONDS * 1000);
      // What the servers said is gone with them.
      if (load.failures.length > 0) {
        console.log([...backend.refusals, ...linesOf(pool.log()), ...running.lines()].join('\n'));
      }
      const isInTime = wasInTime(running);
      return {
        load,
        isInTime,
        deliveries: running.said('credential delivered').length,
        failed: running.said('cannot deliver the credential').length,
      };
    }),
  );
  for (const { load, isInTime, deliveries, failed } of loads) {
    console.log(
      `${SECONDS} s: ${load.queries} queries, ${deliveries} tokens, ${load.failures.length} failures: ${load.failures.join('; ')}`,
    );
    if (SOAK === undefined && !isInTime) {
      console.log('this machine was too busy: a token came to pgbouncer after the end of the one before');
      continue;
    }
    expect(isInTime).toBe(true);
    expect(load.failures).toEqual([]);
    expect(failed).toBe(0);
    expect(load.queries).toBeGreaterThan(SECONDS * 5);
    expect(deliveries).toBeGreaterThan((SECONDS * 1000) / LIFE_MS);
  }
  expect(SOAK === undefined ? [] : backend.refusals).toEqual([]);
});

it('without a reload logins fail: the control', { timeout: 120_000 }, async () => {
  const volume = await makeVolume();
  const pool = await startPool(backend, volume, { serverLifetimeSeconds: 2 });
  onTestFinished(async () => {
    await pool.stop();
    await volume.remove();
  });
  const running = await startCredentials(
    configuration({ outputs: [{ format: 'pgbouncer', path: volume.usersFile, mode: '0640' }] }),
    { env: backend.aws.podIdentity(backend.tokenFile) },
  );
  await waitFor(() => running.said('credential delivered').length > 0, { what: 'the first delivery' });
  const load = await under(pool, LIFE_MS + 4000);
  expect(load.failures.length).toBeGreaterThan(0);
});
