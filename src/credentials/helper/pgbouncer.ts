/** Reloading a pgbouncer, and proving that it took what it was given. Runs in the helper process. */
import { systemClock } from '../../core/clock.ts';
import type { Failure, HelperReply, LoginTarget, PgbouncerRequest, Proof } from '../reload/protocol.ts';
import { renewsAtReload } from '../reload/versions.ts';
import { createHolder, FREE_MS, hasRoomToHold, holdable, type Limits, loginRetryMs } from './hold.ts';
import { isGoodMoment, isGoodMomentWhileHeld, type Pool } from './moment.ts';
import { isScramRefusal, type ProofPlan, planProof } from './proof.ts';
import type { Session, WithLogin } from './session.ts';

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
 * became of the auth_file. Where that login would prove nothing by itself, server connections are renewed first (by RELOAD
 * already where they have TLS, else by RECONNECT; each when it is free), so that it needs one made with the new password.
 * Until then a connection of each pool is held, so that clients queue whatever becomes of a login that is under way.
 */
export async function reloadPgbouncer(request: PgbouncerRequest, withLogin: WithLogin): Promise<HelperReply> {
  const reply = { version: '', authType: '' };
  let step: Failure['step'] = 'console';
  const holder = createHolder(withLogin);
  const { timeoutMs } = request.console;
  let retryMs = 0;
  try {
    const plan = await withLogin(request.console, async (session): Promise<ProofPlan> => {
      reply.version = versionOf(session.parameters);
      const setting = await settingsOf(session);
      reply.authType = setting('auth_type');
      if (!request.reload) {
        return { result: 'not asked' };
      }
      step = 'reload';
      const isRenewed = renewsAtReload(reply.version, setting('server_tls_sslmode'));
      const longestRetryMs = loginRetryMs(setting('server_login_retry'));
      const holdMs = longestRetryMs + timeoutMs / 2;
      await untilGoodMoment(session);
      if (isRenewed) {
        retryMs = longestRetryMs;
        const logins = await loginsToHold(request.console, reply.authType, session, setting);
        if (await holder.take(logins, holdMs)) {
          await untilGoodMoment(session, isGoodMomentWhileHeld);
        }
      }
      await session.rows('RELOAD');
      const limits = await limitsOf(session, setting);
      const { databases } = limits;
      const found = planProof(request.proof, request.console, { ...reply, databases, isRenewed });
      if ('login' in found && found.needsReconnect) {
        retryMs = longestRetryMs;
        const { database, user } = found.login;
        const isHeld = hasRoomToHold(limits, database, user) && (await holder.take([found.login], holdMs));
        await untilGoodMoment(session, isHeld ? isGoodMomentWhileHeld : undefined);
        await session.rows(`RECONNECT ${quoteIdentifier(database)}`);
      }
      return found;
    });
    step = 'proof';
    const proof = await prove(plan, retryMs, withLogin);
    await holder.untilRenewed();
    return { ...reply, proof };
  } catch (error) {
    return { ...reply, proof: 'not asked', failure: failureOf(step, error) };
  } finally {
    await holder.release();
  }
}

/** Waits a moment for pools whose connections are all in use: a held one matters most where logins are frequent. */
async function loginsToHold(
  console: LoginTarget,
  authType: string,
  session: Session,
  setting: Setting,
): Promise<readonly LoginTarget[]> {
  const started = performance.now();
  for (;;) {
    const [limits, pools] = [await limitsOf(session, setting), await rowsOf(session, 'POOLS')];
    const { logins, isOneInUse } = holdable(console, authType, limits, pools);
    if (!isOneInUse || performance.now() - started > FREE_MS) {
      return logins;
    }
    await systemClock.sleep(POLL_MS);
  }
}

async function limitsOf(session: Session, setting: Setting): Promise<Limits> {
  const databases = await rowsOf(session, 'DATABASES');
  const users = await rowsOf(session, 'USERS');
  return { databases, users, maxUserConnections: setting('max_user_connections') };
}

/** Rows of a SHOW; none where it may not be asked. */
function rowsOf(session: Session, what: 'DATABASES' | 'POOLS' | 'USERS'): ReturnType<Session['rows']> {
  return session.rows(`SHOW ${what}`).catch(() => []);
}

/** @param retryMs how long pgbouncer may wait before it logs in to its server again */
async function prove(plan: ProofPlan, retryMs: number, withLogin: WithLogin): Promise<Proof> {
  if (!('login' in plan)) {
    return plan.result;
  }
  try {
    const login = { ...plan.login, timeoutMs: plan.login.timeoutMs + retryMs };
    await withLogin(login, (session) => session.rows('SELECT 1'));
    return plan.result;
  } catch (error) {
    if (plan.otherwise !== undefined && error instanceof Error && isScramRefusal(error.message)) {
      return plan.otherwise;
    }
    throw error;
  }
}

const POLL_MS = 5;

/** @param decide default: {@link isGoodMoment} */
async function untilGoodMoment(
  session: Session,
  decide?: (now: readonly Pool[], waitedMs: number) => boolean,
): Promise<void> {
  const started = performance.now();
  for (let before: readonly Pool[] = []; ; ) {
    const pools = await rowsOf(session, 'POOLS');
    const waitedMs = performance.now() - started;
    if (decide?.(pools, waitedMs) ?? isGoodMoment(before, pools, waitedMs)) {
      return;
    }
    before = pools;
    await systemClock.sleep(POLL_MS);
  }
}

/** `1.24.1/bouncer` as server_version on the console, or since 1.26 a parameter of its own on every login. */
function versionOf(parameters: ReadonlyMap<string, string>): string {
  const own = (parameters.get('pgbouncer.version') ?? '').slice(0, 100);
  const ofServer = (parameters.get('server_version') ?? '').slice(0, 100);
  const version =
    /(?<!\d)\d+\.\d+(?:\.\d+)?/.exec(own) ?? /(?<!\d)\d+\.\d+(?:\.\d+)?(?=\/bouncer$)/.exec(ofServer);
  return version?.[0] ?? '';
}

/** The value of a setting; '' where it is not told. */
type Setting = (key: string) => string;

/** Operators may look at the configuration and statistics users may not: then it stays unknown. */
async function settingsOf(session: Session): Promise<Setting> {
  const rows = await session.rows('SHOW CONFIG').catch(() => []);
  return (key) => {
    const value = rows.find((row) => row['key'] === key)?.['value'];
    return typeof value === 'string' ? value : '';
  };
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function failureOf(step: Failure['step'], error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const message = error instanceof Error ? error.message : 'no message';
  return { step, code: typeof code === 'string' ? code : '', message: message.slice(0, 400) };
}
