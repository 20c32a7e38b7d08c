import { describe, expect, it } from 'vitest';
import { expectLinear, pumped } from '../../core/testing/linear.ts';
import { parseTokenAnswer } from './token-answer.ts';

const askedAt = Date.UTC(2026, 0, 1);
const parse = (text: string) => parseTokenAnswer(text, askedAt);

describe('an answer with a credential', () => {
  it.each([
    ['{"password":"p"}', { password: 'p' }],
    ['\n {"username":"u","token":"t"}', { username: 'u', password: 't' }],
    ['{"token":"t","expiresAt":"2026-01-01T01:00:00Z"}', { password: 't', expiresAt: askedAt + 3_600_000 }],
    ['{"token":"t","expiresAt":1767225601}', { password: 't', expiresAt: askedAt + 1000 }],
    ['{"token":"t","expiresIn":"60"}', { password: 't', expiresAt: askedAt + 60_000 }],
    ['{"token":"t","expiresIn":null,"username":null,"more":{}}', { password: 't' }],
    ['username=u\npassword=a=b\n', { username: 'u', password: 'a=b' }],
    ['protocol=https\r\npassword=p\r\n\r\n', { password: 'p' }],
    ['password=p\npassword_expiry_utc=1767225601\n', { password: 'p', expiresAt: askedAt + 1000 }],
    ['password=old\npassword=new', { password: 'new' }],
  ])('is read from %j', (text, token) => {
    expect(parse(text)).toEqual(token);
  });

  it.each([
    ['', 'there is no password in it'],
    ['<html>password</html>', 'there is no password in it'],
    ['{"password":"p"', 'it is not JSON'],
    ['{}', 'there is no password or token in it'],
    ['{"password":""}', 'its password or token is no text of one line'],
    ['{"password":"a\\nhost=evil"}', 'its password or token is no text of one line'],
    ['{"password":5}', 'its password or token is no text of one line'],
    [`{"password":"${'x'.repeat(100_000)}"}`, 'its password or token is no text of one line'],
    ['{"password":"p","username":"a\\u0000"}', 'its username is no text of one line without a colon'],
    ['{"password":"p","username":"a:b"}', 'its username is no text of one line without a colon'],
    ['{"password":"p","expiresAt":"tomorrow"}', 'its end is no time'],
    ['{"password":"p","expiresAt":1767225601000}', 'its end is no time'],
    ['{"password":"p","expiresIn":"-5"}', 'its end is no time'],
    ['{"password":"p","expiresAt":{}}', 'its end is no time'],
  ])('is none in %.60j, without a word of it', (text, why) => {
    expect(parse(text)).toEqual({ why });
  });

  it('is read in time that grows with its length', () => {
    for (const piece of ['password=', '\n', '=', '{"a":', '\r']) {
      expectLinear(parse, pumped('', piece), { limitMs: 200 });
      expectLinear(parse, pumped('{"password":"', piece), { limitMs: 200 });
    }
  });
});
