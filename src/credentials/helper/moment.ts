/** When to send RELOAD to a pgbouncer. Pure. */

/** First for a moment at which the next query of a client needs no login, then for one without a login. */
const WAIT_FOR_CALM_MS = 1000;
const LONGEST_WAIT_MS = 2000;

/** A row of SHOW POOLS. */
type Pool = Readonly<Record<string, unknown>>;

const count = (pool: Pool, column: string): number => Number(pool[column] ?? 0);

/**
 * With TLS to its servers pgbouncer renews all server connections at each RELOAD, and drops those that are just logging in
 * as failed logins: until server_login_retry (15 s) has passed no other is made, and clients are turned away. So RELOAD is
 * sent when none is logging in, and at best when none is about to; where one always is, after two seconds all the same.
 * @param waitedMs since the first look
 */
export function isGoodMoment(pools: readonly Pool[], waitedMs: number): boolean {
  const isGood = waitedMs < WAIT_FOR_CALM_MS ? isCalm : isWithoutLogin;
  return waitedMs > LONGEST_WAIT_MS || pools.filter(({ database }) => database !== 'pgbouncer').every(isGood);
}

const isWithoutLogin = (pool: Pool): boolean => count(pool, 'sv_login') === 0;

/** Whoever asks next finds a connection that is free, or nobody is there to ask. */
function isCalm(pool: Pool): boolean {
  const free = count(pool, 'sv_idle') + count(pool, 'sv_used');
  const isNeeded = count(pool, 'cl_active') > 0;
  return isWithoutLogin(pool) && count(pool, 'cl_waiting') === 0 && (free > 0 || !isNeeded);
}
