import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../core/options/option.ts';
import { parseCredentials, showCredentials } from './credential-json.ts';

const entry = (parts: object) => ({ url: '', username: '', password: '', passwordFile: '', ...parts });

describe('parseCredentials', () => {
  it('reads an object', () => {
    expect(parseCredentials('{"url":"u","username":"n","password-file":"f"}')).toEqual([
      entry({ url: 'u', username: 'n', passwordFile: 'f' }),
    ]);
  });

  it('reads a list of objects, with blanks around it', () => {
    expect(parseCredentials(' [{"url":"a"},{"url":"b"}]\n')).toEqual([
      entry({ url: 'a' }),
      entry({ url: 'b' }),
    ]);
  });

  it('takes blank text as none', () => {
    expect(parseCredentials(' \n')).toEqual([]);
  });

  it("is as tolerant as Go's decoder: case of names, null, a repeated name, text after the value", () => {
    expect(parseCredentials('{"URL":"u","password":null,"username":"a","username":"b"} trailing')).toEqual([
      entry({ url: 'u', username: 'b' }),
    ]);
    expect(parseCredentials('[null]')).toEqual([entry({})]);
  });

  it('does not end an object at a bracket inside a string', () => {
    expect(parseCredentials(String.raw`{"url":"a}\"]b"}`)).toEqual([entry({ url: 'a}"]b' })]);
  });

  it.each([
    ['url=x', 'not a JSON object or list'],
    ['{"url":"CANARY"', 'not valid JSON'],
    ['{"url":"CANARY" "x"}', 'not valid JSON'],
    [
      '{"user":"CANARY"}',
      'json: unknown field "user" (there are url, username, password, password-file, command, identity)',
    ],
    ['{"password":["CANARY"]}', 'json: password must be a string'],
    ['["CANARY"]', 'every credential must be a JSON object'],
    ['{"__proto__":"CANARY"}', 'json: unknown field "__proto__"'],
  ])('refuses %s without showing a value', (text, message) => {
    expect(() => parseCredentials(text)).toThrow(message);
    expect(() => parseCredentials(text)).not.toThrow('CANARY');
  });

  it('answers any text with entries or a ValueError', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',') }),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          expect(Array.isArray(parseCredentials(given))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
        }
      }),
    );
  });
});

describe('showCredentials', () => {
  it('replaces passwords and keeps the rest', () => {
    const [shown] = [entry({ url: 'u', username: 'n', password: 'CANARY' })];
    expect(showCredentials([shown], 'X')).toBe('[{"url":"u","username":"n","password":"X"}]');
  });
});
