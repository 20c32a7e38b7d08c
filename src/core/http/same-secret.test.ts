import { expect, it } from 'vitest';
import { basicPassword, bearerToken, isOneOf } from './same-secret.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

it('a secret is one of several, or none of them', () => {
  expect(isOneOf('b', ['a', 'b'])).toBe(true);
  expect(isOneOf('', ['a', 'b'])).toBe(false);
  expect(isOneOf('a', [])).toBe(false);
  expect(isOneOf('ab', ['a', 'b'])).toBe(false);
});

it.each([
  ['Bearer a b', 'a b'],
  ['bearer  x ', 'x'],
  ['Bearer', undefined],
  [basic('a:b'), undefined],
  [undefined, undefined],
])('the token of %j is %j', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

it.each([
  [basic('user:pass:word'), 'pass:word'],
  [basic(':only'), 'only'],
  [basic('none'), undefined],
  ['Basic %%%', undefined],
  ['Bearer x', undefined],
  [undefined, undefined],
])('the password of %j is %j', (header, password) => {
  expect(basicPassword(header)).toBe(password);
});
