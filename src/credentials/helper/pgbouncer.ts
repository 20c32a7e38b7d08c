/** Reloading a pgbouncer, and proving that it took what it was given. Runs in the helper process. */
import { systemClock } from '../../core/clock.ts';
import type { Failure, HelperReply, LoginTarget, PgbouncerRequest, Proof } from '../reload/protocol.ts';
import { renewsAtReload } from '../reload/versions.ts';
import { isGoodMoment, type Pool } from './moment.ts';
import { isScramRefusal, type ProofPlan, planProof } from './proof.ts';
import type { Session } from './session.ts';

/** The one function of the PostgreSQL client that is needed. */
export type WithLogin = <T>(target: LoginTarget, work: (session: Session) => Promise<T>) => Promise<T>;

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
 */
export async function reloadPgbouncer(request: PgbouncerRequest, withLogin: WithLogin): Promise<HelperReply> {
  const reply = { version: '', authType: '' };
  let step: Failure['step'] = 'console';
  try {
    const plan = await withLogin(request.console, async (session): Promise<ProofPlan> => {
      reply.version = versionOf(session.parameters);
      const setting = await settingsOf(session);
      reply.authType = setting('auth_type');
      if (!request.reload) {
        return { result: 'not asked' };
      }
      step = 'reload';
      await untilGoodMoment(session);
      await session.rows('RELOAD');
      const databases = await session.rows('SHOW DATABASES').catch(() => []);
      const isRenewed = renewsAtReload(reply.version, setting('server_tls_sslmode'));
      const found = planProof(request.proof, request.console, { ...reply, databases, isRenewed });
      if ('login' in found && found.needsReconnect) {
        await untilGoodMoment(session);
        await session.rows(`RECONNECT ${quoteIdentifier(found.login.database)}`);
      }
      return found;
    });
    step = 'proof';
    return { ...reply, proof: await prove(plan, withLogin) };
  } catch (error) {
    return { ...reply, proof: 'not asked', failure: failureOf(step, error) };
  }
}

async function prove(plan: ProofPlan, withLogin: WithLogin): Promise<Proof> {
  if (!('login' in plan)) {
    return plan.result;
  }
  try {
    await withLogin(plan.login, (session) => session.rows('SELECT 1'));
    return plan.result;
  } catch (error) {
    if (plan.otherwise !== undefined && error instanceof Error && isScramRefusal(error.message)) {
      return plan.otherwise;
    }
    throw error;
  }
}

const LOOK_EVERY_MS = 5;

/** @see isGoodMoment */
async function untilGoodMoment(session: Session): Promise<void> {
  const started = performance.now();
  for (let before: readonly Pool[] = []; ; ) {
    const pools = await session.rows('SHOW POOLS').catch(() => []);
    if (isGoodMoment(before, pools, performance.now() - started)) {
      return;
    }
    before = pools;
    await systemClock.sleep(LOOK_EVERY_MS);
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

/** Operators may look at the configuration and statistics users may not: then it stays unknown. */
async function settingsOf(session: Session): Promise<(key: string) => string> {
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
