import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPillionError } from '../../core/errors.ts';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { parseEnvText } from './env-file.ts';

const piece = fc.oneof(
  fc.constantFrom(
    'A',
    '_',
    'export',
    'export ',
    '=',
    ' = ',
    '"',
    "'",
    '#',
    '\0',
    '\r',
    '\t',
    '\uFEFF',
    '__proto__',
  ),
  fc.constantFrom('constructor=x', '$(id)', '`id`', '\\', '\u00a0', '\u2028', '=='),
  fc.string({ maxLength: 8 }),
);
const line = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'));
/** A line that must not appear in an error. */
const CANARY = 'hunter2-correct-horse';

it('any text at all is variables as a system takes them, or an error that repeats nothing of it', {
  timeout: fuzzTimeout(2000),
}, () => {
  fc.assert(
    fc.property(text, (source) => {
      try {
        const env = parseEnvText(`${source}\n${CANARY}`, 'env');
        expect.unreachable(`took ${JSON.stringify(env)}`);
      } catch (error) {
        expect(isPillionError(error)).toBe(true);
        expect(String(error)).toMatch(/^PillionError: env-file env:\d+: this is not NAME=value$/);
      }
      try {
        for (const [name, value] of Object.entries(parseEnvText(source, 'env'))) {
          expect(name).toMatch(/^[A-Za-z_][^=\0\n]*$/);
          expect(value).not.toMatch(/[\0\n]/);
        }
      } catch (error) {
        expect(isPillionError(error)).toBe(true);
      }
    }),
    fuzz(2000),
  );
});
