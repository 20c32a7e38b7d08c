import { expect, it } from 'vitest';
import { expectLinear, pumped } from './testing/linear.ts';
import { trimEndOf } from './trim-end.ts';

it('a text loses one character at its end, however often it is there', () => {
  const texts = ['', '/', '//', 'a', 'a/', 'a//', '/a/b//', '/a\n/'];
  expect(texts.map((text) => trimEndOf(text, '/'))).toEqual(texts.map((text) => text.replace(/\/+$/, '')));
  expectLinear((text: string) => trimEndOf(text, '/'), pumped('', '/', 'a'));
});
