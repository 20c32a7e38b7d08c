import { describe, expect, it } from 'vitest';
import { createHolder, hasRoomToHold, holdable, loginRetryMs } from './hold.ts';
import type { WithLogin } from './session.ts';

const console = {
  host: 'h',
  port: 6432,
  timeoutMs: 1000,
  user: 'admin',
  password: 'secret',
  database: 'pgbouncer',
};
const databases = [
  { name: 'orders', force_user: 'app' },
  { name: 'open', force_user: null, max_connections: '0' },
  { name: 'narrow', force_user: null, max_connections: '1' },
  { name: 'pgbouncer', force_user: 'pgbouncer' },
];
const limits = { databases, users: [], maxUserConnections: '0' };
const pool = (database: string, user: string, free = '1') => ({
  database,
  user,
  sv_idle: free,
  sv_used: '0',
});
const toHold = (pools: readonly Record<string, string>[], login: typeof console | object = console) =>
  holdable({ ...console, ...login }, 'scram-sha-256', limits, pools).logins.map(({ database }) => database);

describe('pools to hold a connection of', () => {
  it('are those that the user of the console gets into, and that have one that is free', () => {
    expect(
      toHold([
        pool('orders', 'app'),
        pool('orders', 'old'),
        pool('open', 'admin'),
        pool('open', 'app'),
        pool('pgbouncer', 'pgbouncer'),
      ]),
    ).toEqual(['orders', 'open']);
    expect(toHold([pool('orders', 'app', '0')])).toEqual([]);
  });

  it('are none that may have one connection only', () => {
    expect(toHold([pool('narrow', 'admin')])).toEqual([]);
    expect(hasRoomToHold(limits, 'narrow', 'admin')).toBe(false);
    expect(hasRoomToHold({ ...limits, databases: [{ name: 'a', pool_size: '1' }] }, 'a', 'admin')).toBe(
      false,
    );
    expect(hasRoomToHold(limits, 'orders', 'admin')).toBe(true);
  });

  it('leave the user of the server one of the connections that it may have in all its pools', () => {
    const two = { name: 'second', force_user: 'app' };
    const held = (others: object) =>
      holdable(console, 'md5', { ...limits, databases: [...databases, two], ...others }, [
        pool('orders', 'app'),
        pool('second', 'app'),
        pool('open', 'admin'),
      ]).logins.map(({ database }) => database);
    expect(held({ maxUserConnections: '1' })).toEqual([]);
    expect(held({ maxUserConnections: '2' })).toEqual(['orders', 'open']);
    expect(held({ maxUserConnections: '' })).toEqual(['orders', 'second', 'open']);
    const own = (columns: object) => ({
      users: [{ name: 'app', max_user_connections: null, pool_size: '', ...columns }],
    });
    expect(held({ ...own({ max_user_connections: 1 }), maxUserConnections: '5' })).toEqual(['open']);
    expect(held({ ...own({ max_user_connections: 0 }), maxUserConnections: '1' })).toEqual([
      'orders',
      'second',
    ]);
    expect(held(own({ pool_size: 1 }))).toEqual(['open']);
    expect(held(own({}))).toEqual(['orders', 'second', 'open']);
  });

  it('are worth waiting for where all connections of one are in use, or one is being made', () => {
    const busy = (column: string, database = 'orders', user = 'app') => ({
      ...pool(database, user, '0'),
      [column]: '1',
    });
    const isWaitedFor = (...pools: Record<string, string>[]) =>
      holdable(console, 'md5', limits, pools).isOneInUse;
    expect(isWaitedFor(busy('sv_active'))).toBe(true);
    expect(isWaitedFor(pool('open', 'admin'), busy('sv_login'))).toBe(true);
    expect(isWaitedFor({ ...busy('sv_active'), sv_idle: '1' })).toBe(false);
    expect(isWaitedFor(pool('orders', 'app', '0'))).toBe(false);
    expect(isWaitedFor(busy('sv_active', 'narrow', 'admin'), busy('sv_active', 'orders', 'old'))).toBe(false);
  });

  it('are none without a password, unless pgbouncer asks for none', () => {
    const { password: _, ...peer } = console;
    expect(holdable(peer, 'md5', limits, [pool('orders', 'app')]).logins).toEqual([]);
    expect(holdable(peer, 'trust', limits, [pool('orders', 'app')]).logins).toHaveLength(1);
  });
});

describe('a connection that is held', () => {
  /** Remembers its statements; BEGIN fails if that is wanted. */
  const fake = (seen: string[], beginFails = false): WithLogin => {
    return async (_login, work) => {
      const rows = async (statement: string) => {
        seen.push(statement);
        if (beginFails && statement === 'BEGIN') {
          throw new Error('transaction blocks not allowed in statement pooling mode');
        }
        return [];
      };
      return await work({ parameters: new Map(), rows });
    };
  };

  it('is in a transaction until it is released', async () => {
    const seen: string[] = [];
    const holder = createHolder(fake(seen));
    expect(await holder.take([console], 60_000)).toBe(true);
    expect(seen).toEqual(['BEGIN']);
    await holder.untilRenewed();
    expect(seen).toEqual(['BEGIN', 'SELECT 1']);
    await holder.release();
    expect(seen).toEqual(['BEGIN', 'SELECT 1', 'ROLLBACK']);
  });

  it('is given back after its time in any case', async () => {
    const seen: string[] = [];
    const holder = createHolder(fake(seen));
    await holder.take([console], 1);
    await expect.poll(() => seen).toEqual(['BEGIN', 'ROLLBACK']);
    await holder.release();
  });

  it('is none where a pool refuses it', async () => {
    const seen: string[] = [];
    const holder = createHolder(fake(seen, true));
    expect(await holder.take([console], 60_000)).toBe(false);
    await holder.untilRenewed();
    await holder.release();
    expect(seen).toEqual(['BEGIN']);
  });
});

it('pgbouncer tries a login to its server again after what it says, or its default', () => {
  expect(['1', '0', '0.5', '', 'x', '300'].map(loginRetryMs)).toEqual([1000, 0, 500, 15_000, 15_000, 15_000]);
});
