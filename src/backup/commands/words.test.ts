import { expect, it } from 'vitest';
import { splitWords } from './words.ts';

it.each([
  ['true', ['true']],
  ['  a  b\tc ', ['a', 'b', 'c']],
  ['sqlite3 /data/app.db "PRAGMA quick_check"', ['sqlite3', '/data/app.db', 'PRAGMA quick_check']],
  [`sh -c 'echo "a" $HOME'`, ['sh', '-c', 'echo "a" $HOME']],
  [String.raw`a\ b "c\"d\\e\f" '\g'`, ['a b', String.raw`c"d\e\f`, String.raw`\g`]],
  [`a'b'"c"d ''`, ['abcd', '']],
])('splits %s', (line, words) => {
  expect(splitWords(line, '--check')).toEqual(words);
});

it.each([
  ["a 'b", "--check: ' is not closed"],
  ['a "b', '--check: " is not closed'],
  ['  ', '--check: there is no command'],
])('refuses %j: %s', (line, message) => {
  expect(() => splitWords(line, '--check')).toThrow(message);
});
