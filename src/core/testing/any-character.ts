import fc from 'fast-check';

const LAST = 0x10_ff_ff;
/** Halves of characters, which no text that can be encoded has alone. */
const SURROGATES = { first: 0xd8_00, count: 0x8_00 };

function indexOf(character: unknown): number {
  const code = typeof character === 'string' ? (character.codePointAt(0) ?? -1) : -1;
  if (code < 0 || character !== String.fromCodePoint(code) || /\p{Surrogate}/u.test(character)) {
    throw new Error('not one character');
  }
  return code < SURROGATES.first ? code : code - SURROGATES.count;
}

/**
 * Any character of Unicode, for `fc.string({ unit: anyCharacter })`: the strings that `unit: 'binary'` gives, which fills
 * a table of all million of them in each process, and keeps it: 190 MB, and most of a second.
 */
export const anyCharacter = fc
  .nat({ max: LAST - SURROGATES.count })
  .map((index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count), indexOf);
