import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSplitter } from './lines.ts';

function split(chunks: readonly Uint8Array[], maxLineBytes = 1000): [string, boolean][] {
  const lines: [string, boolean][] = [];
  const splitter = lineSplitter((line, truncated) => lines.push([line, truncated]), maxLineBytes);
  for (const chunk of chunks) {
    splitter.push(chunk);
  }
  splitter.end();
  return lines;
}

/** Cuts bytes into chunks at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((to, index) => bytes.subarray(sorted[index], to));
}

describe('lineSplitter', () => {
  it('gives the same lines however the bytes arrive', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(), { maxLength: 10 }), (lines, places) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        expect(split(cut(bytes, places))).toEqual(lines.map((text) => [text, false]));
      }),
    );
  });

  it('takes CRLF as a line end, and CR alone as a part of the line', () => {
    expect(split([Buffer.from('a\r\nb\rc\n')])).toEqual([
      ['a', false],
      ['b\rc', false],
    ]);
  });

  it('hands out a last line without a line end, and no empty one after the last line end', () => {
    expect(split([Buffer.from('a\nb')])).toEqual([
      ['a', false],
      ['b', false],
    ]);
    expect(split([Buffer.from('a\n\n')])).toEqual([
      ['a', false],
      ['', false],
    ]);
    expect(split([])).toEqual([]);
  });

  it('cuts a long line at a whole character, says so, and goes on after its end', () => {
    expect(split([Buffer.from('ab€€\nnext\n')], 6)).toEqual([
      ['ab€', true],
      ['next', false],
    ]);
    expect(split([Buffer.from('123456\n')], 6)).toEqual([['123456', false]]);
  });

  it('gives a prefix of every line, whatever the limit and the characters', () => {
    const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll(/[\r\n]/g, ''));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 12 }), (line, max) => {
        const [[first, truncated] = ['', false]] = split([Buffer.from(`${line}\n`)], max);
        expect(line.startsWith(first)).toBe(true);
        expect(Buffer.byteLength(first)).toBeLessThanOrEqual(max);
        expect(truncated).toBe(Buffer.byteLength(line) > max);
      }),
    );
  });
});
