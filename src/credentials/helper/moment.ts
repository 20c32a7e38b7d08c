/** When to send RELOAD to a pgbouncer. Pure. */

/** First for the end of a login, then for a moment at which the next query needs none, then for one without a login. */
const WAIT_FOR_LOGIN_MS = 500;
const WAIT_FOR_CALM_MS = 750;
const LONGEST_WAIT_MS = 1000;

/** A row of SHOW POOLS. */
export type Pool = Readonly<Record<string, unknown>>;

const count = (pool: Pool, column: string): number => Number(pool[column] ?? 0);

/**
 * With TLS to its servers pgbouncer up to 1.18 renews all server connections at each RELOAD (newer ones at RECONNECT), and
 * drops those that are just logging in as failed logins: until server_login_retry (15 s) has passed no other is made, and
 * clients are turned away. Whether one is logging in can be asked for, and may be so again when RELOAD arrives. The best
 * moment is right after a login: the next one is the farthest away. Where none is seen within half a second they are rare;
 * where one always is, a second is enough.
 * @param before the rows of the sample before; empty for the first
 * @param waitedMs since the first sample
 */
export function isGoodMoment(before: readonly Pool[], now: readonly Pool[], waitedMs: number): boolean {
  const pools = now.filter(isOfServers);
  if (waitedMs > LONGEST_WAIT_MS || pools.every(isUnused)) {
    return true;
  }
  if (!pools.every(waitedMs < WAIT_FOR_CALM_MS ? isCalm : isWithoutLogin)) {
    return false;
  }
  return waitedMs >= WAIT_FOR_LOGIN_MS || !before.filter(isOfServers).every(isWithoutLogin);
}

/**
 * The same while a connection of the pools is held: a login that is dropped then costs clients a wait, none is turned away.
 * So any moment without a login will do.
 */
export function isGoodMomentWhileHeld(now: readonly Pool[], waitedMs: number): boolean {
  return waitedMs > LONGEST_WAIT_MS || now.filter(isOfServers).every(isWithoutLogin);
}

const isOfServers = ({ database }: Pool): boolean => database !== 'pgbouncer';

const isWithoutLogin = (pool: Pool): boolean => count(pool, 'sv_login') === 0;

/** Nobody is there to ask for a connection. */
const isUnused = (pool: Pool): boolean =>
  isWithoutLogin(pool) && count(pool, 'cl_active') === 0 && count(pool, 'cl_waiting') === 0;

/** Whoever asks next finds a connection that is free. */
function isCalm(pool: Pool): boolean {
  const free = count(pool, 'sv_idle') + count(pool, 'sv_used');
  return isUnused(pool) || (isWithoutLogin(pool) && count(pool, 'cl_waiting') === 0 && free > 0);
}
