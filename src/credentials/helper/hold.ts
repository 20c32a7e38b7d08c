/** Keeping a server connection of a pool while pgbouncer renews its connections. */
import { systemClock } from '../../core/clock.ts';
import { deferred } from '../../core/deferred.ts';
import type { LoginTarget } from '../reload/protocol.ts';
import { asksForNoPassword } from './proof.ts';
import type { WithLogin } from './session.ts';

/** A pool that has no connection to give within this time has enough that are in use. */
const TAKE_MS = 2000;
/** The same for a pool whose connections are all in use at the moment: a token that ends soon must not wait for it. */
export const FREE_MS = 1000;
/** Waiting for pgbouncer to try a login again is no failure; longer than its own default (15 s) nobody waits. */
const LONGEST_RETRY_MS = 15_000;

/** pgbouncer's server_login_retry, in milliseconds; '' where it is not told. */
export function loginRetryMs(setting: string): number {
  const ms = Number(setting || 15) * 1000;
  return ms >= 0 ? Math.min(ms, LONGEST_RETRY_MS) : LONGEST_RETRY_MS;
}

type Row = Readonly<Record<string, unknown>>;

/** More are not held at once: each is a connection that clients lack for a moment. */
const MOST_HELD = 10;

export interface Holdable {
  /** Logins of the console's user, one for each pool that has a free connection. */
  readonly logins: LoginTarget[];
  /** Whether a pool has connections, or makes one, of which none is free at this moment. */
  readonly isOneInUse: boolean;
}

/** What a pgbouncer says of its limits. */
export interface Limits {
  /** Rows of SHOW DATABASES. */
  readonly databases: readonly Row[];
  /** Rows of SHOW USERS; of limits older versions say nothing there. */
  readonly users: readonly Row[];
  /** Its setting max_user_connections; '' where it is not told. */
  readonly maxUserConnections: string;
}

/**
 * What can be held of the pools that the console's user can get into. Where no connection is free none is taken: that
 * would make a login, maybe with a credential that has ended. Pure.
 * @param pools rows of SHOW POOLS
 */
export function holdable(
  console: LoginTarget,
  authType: string,
  limits: Limits,
  pools: readonly Row[],
): Holdable {
  if (console.password === undefined && !asksForNoPassword(authType)) {
    return { logins: [], isOneInUse: false };
  }
  const open = pools.filter(
    (pool) =>
      pool['database'] !== 'pgbouncer' &&
      pool['user'] === serverUser(limits, pool['database'], console.user) &&
      hasRoomToHold(limits, pool['database'], console.user),
  );
  const isFree = (pool: Row): boolean => sum(pool, 'sv_idle', 'sv_used') > 0;
  const isInUse = (pool: Row): boolean => sum(pool, 'sv_active', 'sv_tested', 'sv_login') > 0;
  const free = open.filter(isFree);
  return {
    logins: free
      .filter((pool, index) => {
        const before = free.slice(0, index).filter(({ user }) => user === pool['user']);
        return before.length < mostHeldBy(limits, pool['user']);
      })
      .slice(0, MOST_HELD)
      .map(({ database }) => ({ ...console, database: String(database) })),
    isOneInUse: open.some((pool) => !isFree(pool) && isInUse(pool)),
  };
}

const sum = (row: Row, ...columns: readonly string[]): number =>
  columns.reduce((total, column) => total + Number(row[column] ?? 0), 0);

/** Who a client of that name is to the server. */
function serverUser({ databases }: Limits, database: unknown, client: string): unknown {
  return databases.find(({ name }) => name === database)?.['force_user'] || client;
}

/**
 * Whether a connection can be held and another one made meanwhile: where there may be one alone (pool_size,
 * max_db_connections, max_user_connections), the one that is held is what everybody would wait for. Pure.
 * @param client the user that would log in to pgbouncer
 */
export function hasRoomToHold(limits: Limits, database: unknown, client: string): boolean {
  const row = limits.databases.find(({ name }) => name === database);
  const user = serverUser(limits, database, client);
  const poolSize = told(limits.users, user, 'pool_size') ?? row?.['pool_size'];
  return (
    Number(poolSize ?? 0) !== 1 && Number(row?.['max_connections'] ?? 0) !== 1 && mostHeldBy(limits, user) > 0
  );
}

/** All pools of a server user share what it may have; one of those connections is left. */
function mostHeldBy({ users, maxUserConnections }: Limits, user: unknown): number {
  const most = Number(told(users, user, 'max_user_connections') ?? maxUserConnections);
  return most > 0 ? most - 1 : Infinity;
}

/** Undefined where nothing is said; an empty column says that the user has no value of its own. */
function told(rows: readonly Row[], name: unknown, column: string): unknown {
  const value = rows.find((row) => row['name'] === name)?.[column];
  return value === null || value === '' ? undefined : value;
}

export interface Holder {
  /** Takes a connection in the pool of each login, as far as that can be done, and tells whether any is held; never throws. */
  take(logins: readonly LoginTarget[], longestMs: number): Promise<boolean>;
  /** Waits until each of these pools has a connection again besides the one that is held. */
  untilRenewed(): Promise<void>;
  /** Gives the connections back; never throws. */
  release(): Promise<void>;
}

interface Held {
  readonly login: LoginTarget;
  readonly letGo: () => void;
  readonly end: Promise<void>;
}

/**
 * Renewing drops logins to the server that are under way, and pgbouncer counts them as failed: whoever comes next is turned
 * away until one succeeds, but only in a pool without any connection that has logged in (check_fast_fail in its
 * objects.c). One that is in a transaction stays through RELOAD and RECONNECT, so that clients queue instead. Pools by
 * statement refuse BEGIN; there nothing is held.
 */
export function createHolder(withLogin: WithLogin): Holder {
  const all: Held[] = [];
  return {
    async take(logins, longestMs) {
      const taken = await Promise.all(logins.map((login) => hold(login, longestMs, withLogin)));
      all.push(...taken.filter((held) => held !== undefined));
      return all.length > 0;
    },
    async untilRenewed() {
      const queries = all.map(({ login }) => withLogin(login, (session) => session.rows('SELECT 1')));
      await Promise.allSettled(queries);
    },
    async release() {
      for (const { letGo } of all) {
        letGo();
      }
      await Promise.all(all.splice(0).map(({ end }) => end));
    },
  };
}

/** @param longestMs the connection is given back after this time in any case: it may be the last that pgbouncer may have */
async function hold(login: LoginTarget, longestMs: number, withLogin: WithLogin): Promise<Held | undefined> {
  const isHeld = deferred<boolean>();
  const released = deferred<undefined>();
  const limits = new AbortController();
  const target = { ...login, timeoutMs: Math.min(login.timeoutMs, TAKE_MS) };
  const end = withLogin(target, async (session) => {
    await session.rows('BEGIN');
    isHeld.resolve(true);
    const limit = systemClock.sleep(longestMs, limits.signal).catch(() => undefined);
    await Promise.race([released.promise, limit]);
    limits.abort();
    await session.rows('ROLLBACK');
  }).then(
    () => undefined,
    () => isHeld.resolve(false),
  );
  return (await isHeld.promise) ? { login, letGo: () => released.resolve(undefined), end } : undefined;
}
