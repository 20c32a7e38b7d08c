import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonLimits, jsonSize } from './json-size.ts';
import { anyCharacter } from './testing/any-character.ts';

const NONE: JsonLimits = { depth: 10_000, values: 1e9, shapes: 1e9 };
const sizeOf = (text: string, limits: Partial<JsonLimits> = {}) =>
  jsonSize(Buffer.from(text), { ...NONE, ...limits });

/** The same counts, of what has been parsed. */
function counted(value: unknown): { readonly depth: number; readonly values: number } {
  if (typeof value !== 'object' || value === null) {
    return { depth: 0, values: 1 };
  }
  const all = Object.values(value).map(counted);
  return {
    depth: 1 + Math.max(0, ...all.map(({ depth }) => depth)),
    values: 1 + all.reduce((sum, { values }) => sum + values, 0),
  };
}

/** Text with the characters that could be taken for something else. */
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', 'a', '\n', '\u00e9', '1'),
  }),
  fc.string({ unit: anyCharacter }),
);
const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 6 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(true, false, null, -0.5, 1e300),
    fc.array(tie('document'), { maxLength: 6 }),
    fc.dictionary(text, tie('document'), { maxKeys: 6 }),
  ),
}));

/** So that the chance that two of a few shapes are taken for the same one is one in a hundred thousand. */
const inLongText = (json: string) => `${' '.repeat(1e6)}${json}`;

describe('the size of a JSON text', () => {
  it('is what JSON.parse makes of it, whatever is in its strings and however it is written', () => {
    fc.assert(
      fc.property(document, fc.constantFrom(undefined, 1, '\t', ' \r\n'), (value, space) => {
        const json = JSON.stringify(value, undefined, space);
        expect(sizeOf(json)).toMatchObject({ ...counted(JSON.parse(json)), over: undefined });
      }),
      { numRuns: 2000 },
    );
  });

  it('is never too small where JSON.parse takes a text that somebody has damaged', () => {
    const damaged = fc
      .tuple(document, fc.nat(), fc.constantFrom('', '"', '\\', '[', '}', ',', ':', '0', '\u0000'))
      .map(([value, at, put]) => {
        const json = JSON.stringify(value);
        const place = at % (json.length + 1);
        return json.slice(0, place) + put + json.slice(place + 1);
      });
    fc.assert(
      fc.property(damaged, (json) => {
        const parsed = parseOrNothing(json);
        const { depth, values } = sizeOf(json);
        expect(depth).toBeGreaterThanOrEqual(parsed.depth);
        expect(values).toBeGreaterThanOrEqual(parsed.values);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', 0, 0],
    ['\ufeff{}', 2, 1],
    ['1[[', 3, 2],
    ['"a', 1, 0],
    ['"\\', 1, 0],
    [']]]', 0, 0],
    ['[]', 1, 1],
    ['{"a":{"b":[1,2]}}', 5, 3],
    [' [ -1.5e3 , true ] ', 3, 1],
  ])('of %j is %i values and a depth of %i', (json, values, depth) => {
    expect(sizeOf(json)).toMatchObject({ values, depth });
  });

  it('ends where a limit is passed, and says which', () => {
    expect(sizeOf('['.repeat(1e6), { depth: 3 })).toEqual({ depth: 4, values: 4, shapes: 0, over: 'depth' });
    expect(sizeOf('[[[1]]]', { depth: 3 }).over).toBeUndefined();
    expect(sizeOf('[1,2,3]', { values: 3 })).toMatchObject({ values: 4, over: 'values' });
    expect(sizeOf('[1,2]', { values: 3 }).over).toBeUndefined();
    expect(sizeOf(inLongText('{"a":1,"b":2,"c":3,"d":4}'), { shapes: 3 })).toMatchObject({
      shapes: 4,
      over: 'shapes',
    });
  });
});

describe('shapes', () => {
  const shapesOf = (json: string) => sizeOf(inLongText(json), { shapes: 10 }).shapes;

  it('are sequences of names: objects of the same kind have the same ones', () => {
    const same = (name: string) => Array.from({ length: 1000 }, (_, at) => `{"${name}":${at},"b":[]}`).join();
    expect(shapesOf(`[${same('a')}]`)).toBe(2);
    expect(shapesOf(`[${same('a')},${same('c')}]`)).toBe(4);
    expect(shapesOf(`[{"a":0,"b":0},{"b":0,"a":0},{"b":0},{"a\\"":0},${same('a')}]`)).toBe(5);
  });

  it('are missed only now and then where there are many', () => {
    const json = JSON.stringify(Array.from({ length: 50_000 }, (_, at) => ({ [at.toString(36)]: 0 })));
    const { shapes } = sizeOf(json, { shapes: 60_000 });
    expect(shapes).toBeLessThanOrEqual(50_000);
    expect(shapes).toBeGreaterThan(48_000);
  });
});

function parseOrNothing(json: string): { readonly depth: number; readonly values: number } {
  try {
    return counted(JSON.parse(json));
  } catch {
    return { depth: 0, values: 0 };
  }
}
