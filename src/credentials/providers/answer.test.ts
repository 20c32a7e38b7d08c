import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPillionError } from '../../core/errors.ts';
import { atPointer, instant, isPointer, parseAnswerObject, seconds, secretText } from './answer.ts';
import { completeAnswer } from './source.ts';

const SOURCE = 'the program token';
const caught = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('the answer of a source', () => {
  it('has a password or a token, and may have a user and an end', () => {
    expect(parseAnswerObject('{"token":"t"}', SOURCE)).toEqual({ password: 't' });
    const full = '{"username":"u","password":"p\\n","expiresAt":"2026-11-28T12:00:00.5+01:00","other":[1]}';
    expect(parseAnswerObject(full, SOURCE)).toEqual({
      username: 'u',
      password: 'p',
      expiresAt: Date.parse('2026-11-28T11:00:00.500Z'),
    });
    expect(parseAnswerObject('{"token":"t","expiresIn":"900"}', SOURCE).expiresInMs).toBe(900_000);
  });

  it('that is anything else is refused without repeating it', () => {
    const bad = ['', ' \n', '[]', 'null', '"canary"', '{"token":', '{}', '{"token":1}', '{"token":""}'];
    const worse = ['{"token":"canary\\u0000"}', '{"token":"canary\\nx"}', '{"token":"a","username":7}'];
    const notUnicode = ['{"token":"canary\\ud800"}', '{"token":"canary\u{fffd}"}'];
    const dates = ['"soon"', '-1', '1e99', '{}', 'true', '"2026-13-45T99:00:00Z"'];
    const all = [
      ...bad,
      ...worse,
      ...notUnicode,
      ...dates.map((date) => `{"token":"canary","expiresAt":${date}}`),
    ];
    for (const text of all) {
      const error = caught(() => parseAnswerObject(text, SOURCE));
      expect(isPillionError(error) && error.code).toBe('source_answer_invalid');
      expect(JSON.stringify([String(error), error])).not.toContain('canary');
    }
  });

  it('never throws anything but its own error, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant('['.repeat(500_000)));
    fc.assert(
      fc.property(text, (value) => {
        const outcome = caught(() => parseAnswerObject(value, SOURCE));
        expect(outcome instanceof Error && !isPillionError(outcome)).toBe(false);
      }),
    );
  });

  it('is found by a JSON pointer, also through odd keys, and never on a prototype', () => {
    const value = { a: { 'b/c': [{ '~': 'x' }] }, '': 1 };
    expect(atPointer(value, '/a/b~1c/0/~0')).toBe('x');
    expect(atPointer(value, '/')).toBe(1);
    expect(atPointer(value, '')).toBe(value);
    for (const missing of ['/x', '/a/b~1c/1', '/a/toString', '/__proto__', '/a/b~1c/length/x']) {
      expect(atPointer(value, missing)).toBeUndefined();
    }
    expect(['', '/a', '/~0'].map(isPointer)).toEqual([true, true, true]);
    expect(['a', '/~', '/~2'].map(isPointer)).toEqual([false, false, false]);
  });

  it('may tell times in seconds, milliseconds or RFC 3339', () => {
    expect(instant(1_800_000_000, 'end', SOURCE)).toBe(1_800_000_000_000);
    expect(instant('1800000000', 'end', SOURCE)).toBe(1_800_000_000_000);
    expect(instant(1_800_000_000_000, 'end', SOURCE)).toBe(1_800_000_000_000);
    expect(instant('2027-01-15T08:00:00Z', 'end', SOURCE)).toBe(1_800_000_000_000);
    expect(seconds(3599, 'expires_in', SOURCE)).toBe(3_599_000);
  });

  it('loses the line end that files put behind a password, and nothing else', () => {
    expect(secretText('pass word \r\n', 'password', SOURCE)).toBe('pass word ');
  });
});

describe('a completed answer', () => {
  const init = { source: SOURCE, raw: { password: 'p' }, user: 'u', askedAt: 1000, now: 3000 };

  it('ends when it says so, else after the stated length or the configured life, counted from the question', () => {
    const end = (extra: object, raw: object = {}) =>
      completeAnswer({ ...init, ...extra, raw: { password: 'p', ...raw } }).credential.expiresAt;
    expect(end({ lifetimeMs: 9000 }, { expiresAt: 5000, expiresInMs: 7000 })).toBe(5000);
    expect(end({ lifetimeMs: 9000 }, { expiresInMs: 7000 })).toBe(8000);
    expect(end({ lifetimeMs: 9000 })).toBe(10_000);
    expect(end({})).toBeUndefined();
  });

  it('is refused when it has ended already or names no user', () => {
    expect(caught(() => completeAnswer({ ...init, raw: { password: 'p', expiresAt: 2000 } }))).toMatchObject({
      code: 'source_expired',
    });
    expect(caught(() => completeAnswer({ ...init, user: '' }))).toMatchObject({
      code: 'source_answer_invalid',
    });
  });

  it('tells how far the clock is off where the server gave its time', () => {
    const date = 'Thu, 01 Jan 1970 00:10:00 GMT';
    expect(completeAnswer({ ...init, date }).clockSkewMs).toBe(2000 - 600_000);
    expect(completeAnswer({ ...init, date: 'soon' }).clockSkewMs).toBeUndefined();
  });
});
