import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../testing/any-character.ts';
import { goQuote } from './go-quote.ts';

describe('goQuote', () => {
  it('quotes control and invisible characters as %q of Go does', () => {
    expect(goQuote('a\u0000\u0007\u001bé\u200b\u{1F600}\u00a0\ue000"\\')).toBe(
      String.raw`"a\x00\a\x1bé\u200b😀\u00a0\ue000\"\\"`,
    );
    expect(goQuote('\u007f\t\v')).toBe(String.raw`"\x7f\t\v"`);
  });

  it('leaves printable text as it is, within double quotes', () => {
    expect(goQuote("it's 5 €")).toBe(`"it's 5 €"`);
  });

  it('replaces half of a surrogate pair, which is no character', () => {
    expect(goQuote('\ud800')).toBe('"\ufffd"');
  });

  it('never prints a character that could start a new line or steer a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(goQuote(text)).toMatch(/^"[^\p{Cc}\p{Zl}\p{Zp}]*"$/u);
      }),
    );
  });
});
