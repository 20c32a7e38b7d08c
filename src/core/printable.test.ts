import { describe, expect, it } from 'vitest';
import { printable, printableLines } from './printable.ts';

const HOSTILE = [
  ['an escape sequence', '\u001b[2Ja', '?[2Ja'],
  ['an escape sequence of one character', '\u009b2Ja', '?2Ja'],
  ['a carriage return', 'bad\rgood', 'bad?good'],
  ['a bell, a backspace and a delete', '\u0007\u0008\u007f', '???'],
  ['marks of direction', '\u202eab\u202c\u2066c\u2069\u200f\u061c', '?ab??c???'],
  ['letters without a shape', 'a\u200bb\ufeff\u00ad', 'a?b??'],
  ['the line ends of Unicode', 'a\u2028b\u2029\u0085', 'a?b??'],
  ['half a letter', 'a\ud800', 'a?'],
  ['hidden tags', 'a\u{e0041}', 'a?'],
] as const;

describe('foreign text', () => {
  it.each(HOSTILE)('with %s is printed without it', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printableLines(text)).toBe(shown);
  });

  it('of any language stays as it is', () => {
    const text = 'Zażółć, 日本語, العربية, 🙂, e\u0301';
    expect(printable(text)).toBe(text);
    expect(printableLines(`${text}\n\t${text}`)).toBe(`${text}\n\t${text}`);
  });

  it('is on one line, unless its lines are ours', () => {
    expect(printable('a\nb\tc')).toBe('a?b?c');
    expect(printableLines('a\r\nb\tc')).toBe('a?\nb\tc');
  });

  it('may have another mark, one for each character', () => {
    expect(printable('a\u001b\u0000b', '\u{fffd}')).toBe('a\u{fffd}\u{fffd}b');
  });
});
