import { describe, expect, it } from 'vitest';
import { isGoodMoment } from './moment.ts';

const console = { database: 'pgbouncer', user: 'pgbouncer', cl_active: '1', sv_idle: '0' };
const idle = { database: 'app', user: 'app', cl_active: '3', cl_waiting: '0', sv_idle: '1', sv_login: '0' };

describe('a moment to reload', () => {
  it('is one at which nobody logs in to a server or is about to, the console aside', () => {
    expect(isGoodMoment([console, idle], 0)).toBe(true);
    expect(isGoodMoment([], 0)).toBe(true);
    expect(isGoodMoment([{ ...idle, cl_active: '0', sv_idle: '0' }], 0)).toBe(true);
    for (const busy of [{ sv_login: '1' }, { cl_waiting: '1' }, { sv_idle: '0' }]) {
      expect(isGoodMoment([idle, { ...idle, ...busy }], 999)).toBe(false);
    }
  });

  it('is after a second any without a login, and after two seconds any at all', () => {
    expect(isGoodMoment([{ ...idle, cl_waiting: '1', sv_idle: '0' }], 1000)).toBe(true);
    expect(isGoodMoment([{ ...idle, sv_login: '1' }], 2000)).toBe(false);
    expect(isGoodMoment([{ ...idle, sv_login: '1' }], 2001)).toBe(true);
  });
});
