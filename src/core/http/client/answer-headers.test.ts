import { describe, expect, it } from 'vitest';
import { expectLinear, pumped } from '../../testing/linear.ts';
import { offeredSchemes, retryAfterMs } from './answer-headers.ts';

describe('the schemes that a server offers', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['Basic realm="git"', ['basic']],
    ['basic', ['basic']],
    ['Digest realm="a, Basic b", nonce="x\\", Basic", qop="auth"', ['digest']],
    ['Negotiate, Basic realm="x"', ['negotiate', 'basic']],
    ['NTLM TlRMTVNTUAAB==, Bearer realm="x",service="y"', ['ntlm', 'bearer']],
    ['Basic realm=x, charset="UTF-8", Digest realm="y"', ['basic', 'digest']],
    ['Digest realm="never closed, Basic', ['digest']],
  ])('%j are %j', (field, schemes) => {
    expect([...offeredSchemes(field)]).toEqual(schemes);
  });
});

describe('the wait that a server asks for', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['Thu, 01 Jan 2026 12:01:30 GMT', 90_000],
    ['Thursday, 01-Jan-26 12:01:30 GMT', 90_000],
    ['Thu Jan  1 12:01:30 2026 GMT', 90_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ])('%j is %d ms', (field, wait) => {
    expect(retryAfterMs(field, now)).toBe(wait);
  });

  it.each([undefined, '', 'soon', '-5', '1.5', '1e9', '9'.repeat(60)])('is unknown for %j', (field) => {
    expect(retryAfterMs(field, now)).toBeUndefined();
  });
});

describe('reading them', () => {
  it('takes time in proportion to their length', () => {
    for (const piece of ['"\\', '\\"', '"', ',', ' ', 'a=,']) {
      expectLinear(offeredSchemes, pumped('', piece));
      expectLinear(offeredSchemes, pumped('Basic "', piece));
    }
    for (const piece of ['1', ' ', 'Thu, ']) {
      expectLinear((text) => retryAfterMs(text, 0), pumped('', piece));
    }
  });
});
