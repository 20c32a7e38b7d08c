/** Stands for Django: works with its database through pgbouncer, with persistent connections of some seconds. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const { env } = process;
/** As Django's CONN_MAX_AGE. */
const CONNECTION_MS = 2000;
const REQUEST_EVERY_MS = 50;

async function serve(client: Client): Promise<number> {
  const end = performance.now() + CONNECTION_MS;
  let requests = 0;
  while (performance.now() < end) {
    await client.query('SELECT current_user');
    requests += 1;
    await delay(REQUEST_EVERY_MS);
  }
  return requests;
}

for (;;) {
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
