import { describe, expect, it } from 'vitest';
import { parseJson } from './parse-json.ts';

const LIMITS = { values: 1000, shapes: 100 };

describe('foreign JSON', () => {
  it('is parsed where it stays below its limits', () => {
    expect(parseJson('{"a":[1]}', LIMITS)).toEqual({ a: [1] });
    const long = `[${JSON.stringify({ a: 'x'.repeat(5000) })}]`;
    expect(parseJson(long, LIMITS)).toEqual(JSON.parse(long));
  });

  it.each([
    ['values', `[${'{},'.repeat(1000)}1]`, /^more than 1000 values$/],
    [
      'unlike objects',
      `[${Array.from({ length: 200 }, (_, at) => `{"a${at}":1}`).join()}]`,
      /^more than 100 objects/,
    ],
    ['depth', '['.repeat(5000), /^lists and objects nested more than 100 deep$/],
  ])('with too much of it is not: %s', (_what, text, message) => {
    expect(() => parseJson(text, LIMITS)).toThrow(message);
  });

  it('that is none is told as by JSON.parse', () => {
    expect(() => parseJson('{', LIMITS)).toThrow(SyntaxError);
    expect(() => parseJson(`${' '.repeat(5000)}{`, LIMITS)).toThrow(SyntaxError);
  });
});
