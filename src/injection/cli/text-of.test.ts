import { expect, test } from 'vitest';
import { textOfBytes } from './text-of.ts';

test('a text keeps its byte order mark', () => {
  expect(textOfBytes(Buffer.from('\ufeffa: b\r\n'))).toBe('\ufeffa: b\r\n');
});

test.each([
  ['a letter of Latin-1', [0x61, 0x0a, 0x62, 0x3a, 0xe9, 0x0a, 0x63], { line: 2, why: 'no UTF-8' }],
  ['half a letter at the end', [0x61, 0x0a, 0xc3], { line: 2, why: 'no UTF-8' }],
  ['UTF-16', [0xff, 0xfe, 0x61, 0x00], { line: 1, why: 'UTF-16, where UTF-8 is read' }],
])('%s is told with its line, since it could not come out as it went in', (_, bytes, problem) => {
  expect(textOfBytes(Buffer.from(bytes))).toEqual(problem);
});
