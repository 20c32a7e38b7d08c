import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyCharacter } from '../core/testing/any-character.ts';
import { cel, celConcat, celJson, celList, celMap, celObject, celVariable } from './cel.ts';
import { type Token, tokens } from './testing/cel-tokens.ts';
import { runsOf } from './testing/runs.ts';

const { numRuns, timeoutMs } = runsOf(500);

const hostile = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom('"', '\\', "'", '"""', '\\"', '\n', '\r', '${', '}', ')', ']', '//', 'r"', '\\u0022'),
      {
        maxLength: 10,
      },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('" + "', '"] + [', '\\', '\\\\"', '\u2028', '\u0000', '" || true || "', '").matches("'),
);

/** What the lexer makes of an expression, without what its texts say. */
const structure = (text: string) =>
  tokens(text).map((token): Token => (token.kind === 'string' ? { kind: 'string', text: '' } : token));

describe('a text in an expression', () => {
  test(
    'is one literal with the same value, whatever it is',
    () => {
      fc.assert(
        fc.property(hostile, (text) => {
          expect(tokens(cel`${text}`.text)).toEqual([{ kind: 'string', text }]);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );

  test(
    'never changes what stands around it',
    () => {
      const made = (text: string) =>
        [
          cel`size(${text}) > 2 ? [${text}] : ${cel`a + ${text}`}`,
          cel`x in ${[text, text]}`,
          celList([{ value: cel`${text}`, when: cel`v == ${text}` }]),
          celObject([{ key: text, value: cel`${text}`, when: cel`${text} in v` }]),
          celMap([{ key: text, value: cel`${text}` }]),
          celJson({ [text]: [text, { a: text, b: 1, c: true, d: null }] }),
          celConcat([cel`[${text}]`, cel`${[text]}`]),
        ].map((each) => each.text);
      const plain = made('x').map(structure);
      fc.assert(
        fc.property(hostile, (text) => {
          expect(made(text).map(structure)).toEqual(plain);
        }),
        { numRuns },
      );
    },
    timeoutMs,
  );
});

describe('an expression in an expression', () => {
  test('stands in brackets where it needs them, and only there', () => {
    expect(cel`!${cel`a == b`}`.text).toBe('!(a == b)');
    expect(cel`${cel`a.b(c)[0]`}.d`.text).toBe('a.b(c)[0].d');
    expect(cel`${cel`a.?b.orValue([])`}.size()`.text).toBe('a.?b.orValue([]).size()');
    expect(cel`${cel`-a`} - ${-3}`.text).toBe('(-a) - (-3)');
    expect(cel`${'a b'} + c`.text).toBe('"a b" + c');
    expect(cel`${cel`[${'('}]`}[0]`.text).toBe('["("][0]');
  });

  test('is never made of a text, a fraction or a foreign name', () => {
    expect(() => cel`${1.5}`).toThrow(TypeError);
    expect(() => celVariable('a.b')).toThrow(TypeError);
    expect(() => celVariable('')).toThrow(TypeError);
    expect(celVariable('made_git_sync').text).toBe('variables.made_git_sync');
  });
});
