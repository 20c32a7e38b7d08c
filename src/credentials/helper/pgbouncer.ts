/** Reloading a pgbouncer, and proving that it took what it was given. Runs in the helper process. */
import { systemClock } from '../../core/clock.ts';
import type { Failure, HelperReply, LoginTarget, PgbouncerRequest } from '../reload/protocol.ts';
import type { Session } from './session.ts';

/** The one function of the PostgreSQL client that is needed. */
export type WithLogin = <T>(target: LoginTarget, work: (session: Session) => Promise<T>) => Promise<T>;

/** With these a client logs in whatever its password is: a login proves nothing by itself. */
const AUTH_WITHOUT_PASSWORD = new Set(['trust', 'any']);

/** A login to a database, for a test of a credential. */
export async function testLogin(login: LoginTarget, withLogin: WithLogin): Promise<HelperReply> {
  const nothing = { version: '', authType: '', proof: 'proved' } as const;
  try {
    await withLogin(login, (session) => session.rows('SELECT 1'));
    return nothing;
  } catch (error) {
    return { ...nothing, proof: 'not asked', failure: failureOf('login', error) };
  }
}

/**
 * Console login, RELOAD if asked for, then the proof: a login with the new credential. RELOAD answers the same whatever
 * became of the auth_file. Where pgbouncer asks clients for no password, its server connections are renewed first
 * (RECONNECT, each when it is free), so that the login needs a new one, made with the new password.
 */
export async function reloadPgbouncer(request: PgbouncerRequest, withLogin: WithLogin): Promise<HelperReply> {
  const reply = { version: '', authType: '' };
  let step: Failure['step'] = 'console';
  try {
    let proof = request.proof;
    await withLogin(request.console, async (session) => {
      reply.version = versionOf(session.parameters);
      reply.authType = await authTypeOf(session);
      if (!request.reload) {
        return;
      }
      step = 'reload';
      await untilNoLoginIsUnderWay(session);
      await session.rows('RELOAD');
      proof = await completeProof(proof, session);
      if (proof !== undefined && proof.database !== '' && AUTH_WITHOUT_PASSWORD.has(reply.authType)) {
        await session.rows(`RECONNECT ${quoteIdentifier(proof.database)}`);
      }
    });
    if (proof === undefined || !request.reload) {
      return { ...reply, proof: 'not asked' };
    }
    if (proof.database === '') {
      return { ...reply, proof: 'no database' };
    }
    step = 'proof';
    await withLogin(proof, (session) => session.rows('SELECT 1'));
    return { ...reply, proof: 'proved' };
  } catch (error) {
    return { ...reply, proof: 'not asked', failure: failureOf(step, error) };
  }
}

const LOOK_EVERY_MS = 10;
const LONGEST_WAIT_MS = 2000;

/**
 * With TLS to its servers pgbouncer renews all server connections at each RELOAD, and one that is just logging in counts
 * as a failed login: until server_login_retry (15 s) has passed no other is made, and clients are turned away. So RELOAD
 * is sent when none is logging in; where one always is, after two seconds all the same.
 */
async function untilNoLoginIsUnderWay(session: Session): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  const isLoggingIn = async (): Promise<boolean> => {
    const pools = await session.rows('SHOW POOLS').catch(() => []);
    return pools.some((pool) => Number(pool['sv_login'] ?? 0) > 0);
  };
  while (performance.now() < end && (await isLoggingIn())) {
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

/** `1.24.1/bouncer` as server_version on the console, or since 1.26 a parameter of its own on every login. */
function versionOf(parameters: ReadonlyMap<string, string>): string {
  const text = parameters.get('pgbouncer.version') ?? parameters.get('server_version') ?? '';
  return /\d+\.\d+(?:\.\d+)?/.exec(text.slice(0, 100))?.[0] ?? '';
}

/** Operators may look at the configuration and statistics users may not: then it stays unknown. */
async function authTypeOf(session: Session): Promise<string> {
  const rows = await session.rows('SHOW CONFIG').catch(() => []);
  const value = rows.find((row) => row['key'] === 'auth_type')?.['value'];
  return typeof value === 'string' ? value : '';
}

/** The database of the proof where none is configured: the first that takes this user's name to its server. */
async function completeProof(
  proof: LoginTarget | undefined,
  session: Session,
): Promise<LoginTarget | undefined> {
  if (proof === undefined || proof.database !== '') {
    return proof;
  }
  const rows = await session.rows('SHOW DATABASES').catch(() => []);
  const fits = ({ name, force_user: forced }: Readonly<Record<string, unknown>>): boolean =>
    name !== 'pgbouncer' && (forced === null || forced === '' || forced === proof.user);
  const name = rows.find(fits)?.['name'];
  return { ...proof, database: typeof name === 'string' ? name : '' };
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function failureOf(step: Failure['step'], error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const message = error instanceof Error ? error.message : 'no message';
  return { step, code: typeof code === 'string' ? code : '', message: message.slice(0, 400) };
}
