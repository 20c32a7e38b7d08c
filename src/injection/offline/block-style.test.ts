import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../../kubernetes/json.ts';
import { blockLines } from './block-style.ts';

test('a value comes back from its lines, indented or not, in both versions of YAML', () => {
  const word = fc.constantFrom(
    'yes',
    'No',
    '0x1F',
    '1e3',
    'e0',
    'E-12',
    '--a=b: c',
    'a:',
    'a: b',
    '#x',
    '~',
    '-',
    '- a',
    '1:30',
    '2026-01-01',
    'a\nb',
    ' a',
    '\u2028',
    '---',
    '...',
    '*a',
    '&a',
    '!x',
    '%x',
    '@x',
    '`x',
    '=',
    '<<',
  );
  const leaf = fc.oneof(fc.string(), word, fc.integer(), fc.boolean(), fc.constant(null));
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.string(), word), tie('value'), { maxKeys: 3 }),
    ),
  })).value as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), fc.constantFrom('1.1', '1.2'), (json, listIndent, version) => {
      const text = ['top:', ...blockLines(json, listIndent).map((line) => `    ${line}`)].join('\n');
      expect(parse(text, { version: version as '1.1', merge: false, uniqueKeys: false })).toEqual({
        top: json,
      });
    }),
    { numRuns: 500 },
  );
});
