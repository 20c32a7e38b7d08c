import { describe, expect, it } from 'vitest';
import { argumentList } from './argument-list.ts';

describe('arguments', () => {
  it.each([
    ['-a', ['-a']],
    ['', ['']],
    ['two words, one: argument', ['two words, one: argument']],
    ['{"not":"a list"}', ['{"not":"a list"}']],
    ['["-a", "b c"]', ['-a', 'b c']],
    ['["[\\"json\\"]"]', ['["json"]']],
    ['[]', []],
  ])('%j are %j', (text, list) => {
    expect(argumentList.parse(text)).toEqual(list);
    expect(argumentList.parse(argumentList.format(list) || '[]')).toEqual(list);
  });

  it.each(['[', '[1]', '["a",["b"]]', '["a"', `[${'['.repeat(100_000)}`])('%.20j are none', (text) => {
    expect(() => argumentList.parse(text)).toThrow('not a JSON list of strings');
  });
});
