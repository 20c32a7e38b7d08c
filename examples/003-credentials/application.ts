/** Stands for Django: works with its database through pgbouncer, with persistent connections of some seconds. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const { env } = process;
/** As Django's CONN_MAX_AGE. */
const CONNECTION_MS = 2000;
const REQUEST_EVERY_MS = 50;
const stop = new AbortController();

async function serve(client: Client): Promise<number> {
  const end = performance.now() + CONNECTION_MS;
  let requests = 0;
  while (performance.now() < end && !stop.signal.aborted) {
    await client.query('SELECT current_user');
    requests += 1;
    await delay(REQUEST_EVERY_MS);
  }
  return requests;
}

async function connectAndServe(): Promise<void> {
  const client = new Client({
    host: env['DATABASE_HOST'],
    port: Number(env['DATABASE_PORT']),
    database: env['DATABASE_NAME'],
    user: env['DATABASE_USER'],
    password: env['DATABASE_PASSWORD'],
    query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    console.log(`served ${await serve(client)}`);
  } catch (error) {
    console.log(`failed ${error instanceof Error ? error.message : 'unknown'}`);
    await delay(200);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function work(): Promise<void> {
  while (!stop.signal.aborted) {
    await connectAndServe();
  }
  console.log('stopped');
}

process.once('SIGTERM', () => stop.abort());
work().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
