import { describe, expect, it } from 'vitest';
import { isGoodMoment, isGoodMomentWhileHeld } from './moment.ts';

const console = { database: 'pgbouncer', user: 'pgbouncer', cl_active: '1', sv_idle: '0' };
const calm = { database: 'app', user: 'app', cl_active: '3', cl_waiting: '0', sv_idle: '1', sv_login: '0' };
const login = { ...calm, sv_login: '1' };

describe('a moment to reload', () => {
  it('is any at which nobody uses a server, the console aside', () => {
    expect(isGoodMoment([], [], 0)).toBe(true);
    expect(isGoodMoment([], [console, { ...calm, cl_active: '0', sv_idle: '0' }], 0)).toBe(true);
    expect(isGoodMoment([], [{ ...login, cl_active: '0' }], 0)).toBe(false);
  });

  it('is the end of a login, when a connection is free', () => {
    expect(isGoodMoment([login], [console, calm], 0)).toBe(true);
    expect(isGoodMoment([calm], [calm], 0)).toBe(false);
    for (const busy of [{ sv_login: '1' }, { cl_waiting: '1' }, { sv_idle: '0' }]) {
      expect(isGoodMoment([login], [calm, { ...calm, ...busy }], 499)).toBe(false);
    }
  });

  it('is one with a free connection after half a second, without a login soon after, and after a second any', () => {
    const waiting = { ...calm, cl_waiting: '1', sv_idle: '0' };
    expect(isGoodMoment([calm], [calm], 500)).toBe(true);
    expect(isGoodMoment([calm], [waiting], 749)).toBe(false);
    expect(isGoodMoment([calm], [waiting], 750)).toBe(true);
    expect(isGoodMoment([login], [login], 1000)).toBe(false);
    expect(isGoodMoment([login], [login], 1001)).toBe(true);
  });

  it('is any without a login while a connection is held, and after a second any', () => {
    expect(isGoodMomentWhileHeld([console, { ...calm, cl_waiting: '1', sv_idle: '0' }], 0)).toBe(true);
    expect(isGoodMomentWhileHeld([calm, login], 1000)).toBe(false);
    expect(isGoodMomentWhileHeld([calm, login], 1001)).toBe(true);
  });
});
