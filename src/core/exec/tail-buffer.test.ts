import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tailBuffer } from './tail-buffer.ts';

describe('tailBuffer', () => {
  it('keeps exactly the last bytes, whatever the chunks', () => {
    const chunks = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { maxLength: 30 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 0, max: 100 }), (parts, max) => {
        const buffer = tailBuffer(max);
        for (const part of parts) {
          buffer.push(Buffer.from(part));
        }
        const all = parts.join('');
        expect(buffer.text()).toBe(max === 0 ? '' : all.slice(-max));
        expect(buffer.truncated).toBe(all.length > max);
      }),
    );
  });

  it('grows past its first size without losing anything', () => {
    const buffer = tailBuffer(1_000_000);
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`);
    for (const line of lines) {
      buffer.push(Buffer.from(line));
    }
    expect(buffer.text()).toBe(lines.join(''));
    expect(buffer.truncated).toBe(false);
  });

  it('never starts inside a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (text, max) => {
          const buffer = tailBuffer(max);
          buffer.push(Buffer.from(text));
          expect(text.endsWith(buffer.text())).toBe(true);
        },
      ),
    );
  });

  it('joins a character that was split over two chunks', () => {
    const buffer = tailBuffer(10);
    const bytes = Buffer.from('€');
    buffer.push(bytes.subarray(0, 1));
    buffer.push(bytes.subarray(1));
    expect(buffer.text()).toBe('€');
  });
});
