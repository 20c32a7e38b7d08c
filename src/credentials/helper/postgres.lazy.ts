/** Logins to PostgreSQL and pgbouncer. In a bundle of its own: the client library is needed for moments only. */
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import * as v from 'valibot';
import { errorMessage, systemErrorCode } from '../../core/errors.ts';
import type { HelperReply, LoginTarget } from '../reload/protocol.ts';
import { reloadPgbouncer, testLogin } from './pgbouncer.ts';
import type { Session } from './session.ts';

const loginTarget = v.object({
  host: v.string(),
  port: v.number(),
  user: v.string(),
  password: v.optional(v.string()),
  database: v.string(),
  tls: v.optional(v.object({ caFile: v.optional(v.string()) })),
  timeoutMs: v.number(),
});
const loginRequest = v.object({ login: loginTarget });
const pgbouncerRequest = v.object({
  console: loginTarget,
  reload: v.boolean(),
  proof: v.optional(loginTarget),
});

export function answerLogin(request: unknown): Promise<HelperReply> {
  return testLogin(v.parse(loginRequest, request).login, withLogin);
}

export function answerPgbouncer(request: unknown): Promise<HelperReply> {
  return reloadPgbouncer(v.parse(pgbouncerRequest, request), withLogin);
}

/** How a login or a statement failed, without anything secret. */
class PostgresFailure extends Error {
  override readonly name = 'PostgresFailure';
  /** The system's error code, or the server's SQLSTATE; '' for neither. */
  readonly code: string;

  constructor(error: unknown) {
    super(errorMessage(error) || systemErrorCode(error) || 'no message');
    this.code = systemErrorCode(error) ?? '';
  }
}

/**
 * Logs in, works, and leaves.
 * @throws PostgresFailure
 */
async function withLogin<T>(target: LoginTarget, work: (session: Session) => Promise<T>): Promise<T> {
  const { host, port, user, password, database, tls, timeoutMs } = target;
  const client = new Client({
    host,
    port,
    user,
    password,
    database,
    application_name: 'pillion credentials',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ssl: tls === undefined ? false : { rejectUnauthorized: true, ...authority(tls.caFile) },
  });
  // A connection that breaks later must not end the process; the statement that waits for it fails anyway.
  client.on('error', () => undefined);
  const parameters = new Map<string, string>();
  watchParameters(client, parameters);
  try {
    await client.connect();
    const rows = async (statement: string) => (await client.query<Record<string, unknown>>(statement)).rows;
    return await work({ parameters, rows });
  } catch (error) {
    throw error instanceof PostgresFailure ? error : new PostgresFailure(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function authority(caFile: string | undefined): { ca?: string } {
  return caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
}

/** The library keeps these to itself; its protocol object, which is not part of its types, emits them. */
function watchParameters(client: Client, parameters: Map<string, string>): void {
  const { connection } = client as unknown as {
    connection: { on(event: string, listener: (message: Record<string, unknown>) => void): void };
  };
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    parameters.set(String(parameterName), String(parameterValue));
  });
}
