import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../core/options/option.ts';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { formatGitConfig, gitConfigProblem, parseGitConfig } from './git-config-grammar.ts';

const read = (text: string) => parseGitConfig(text).map(({ key, value }) => [key, value]);

describe('the grammar of --git-config', () => {
  it.each<[string, string, string[][]]>([
    ['nothing', '', []],
    ['one pair', 'k:v', [['k', 'v']]],
    ['a quoted key', '"k":v', [['k', 'v']]],
    ['a quoted value', 'k:"v"', [['k', 'v']]],
    ['both quoted', '"k":"v"', [['k', 'v']]],
    [
      'several pairs',
      'k1:v1,"k2":v2,k3:"v3","k4":"v4"',
      [
        ['k1', 'v1'],
        ['k2', 'v2'],
        ['k3', 'v3'],
        ['k4', 'v4'],
      ],
    ],
    ['a section and a variable', 'sect.sub.var:v', [['sect.sub.var', 'v']]],
    ['a space in a key', 'k.sub section:v', [['k.sub section', 'v']]],
    ['a backslash in an unquoted key, literally', String.raw`k.sub\tsection:v`, [['k.sub\\tsection', 'v']]],
    ['a comma in an unquoted key', 'k.sub,section:v', [['k.sub,section', 'v']]],
    ['escapes in a quoted key', String.raw`"k.\t\n\\x":v`, [['k.\t\n\\x', 'v']]],
    ['a colon in a quoted key', '"url.https://x/.y":v', [['url.https://x/.y', 'v']]],
    [
      'spaces in values',
      'k1:v 1,k2:" v 2 "',
      [
        ['k1', 'v 1'],
        ['k2', ' v 2 '],
      ],
    ],
    [
      'a comma at the end',
      'k1:"v1",k2:v2,',
      [
        ['k1', 'v1'],
        ['k2', 'v2'],
      ],
    ],
    ['escapes in an unquoted value', String.raw`k1:v\n\t\\\"\,1`, [['k1', 'v\n\t\\",1']]],
    ['escapes in a quoted value', String.raw`k1:"v\n\t\\\"\,1"`, [['k1', 'v\n\t\\",1']]],
    ['an escape at the start of a value', String.raw`k:\"v`, [['k', '"v']]],
    ['a comma in a quoted value', 'k1:"v,1"', [['k1', 'v,1']]],
    ['colons in values', 'http.extraHeader:A: b:c', [['http.extraHeader', 'A: b:c']]],
    ['a quote inside an unquoted value', 'k:a"b', [['k', 'a"b']]],
    ['an empty quoted value', 'k:""', [['k', '']]],
    [
      'a repeated key, in order',
      'k:1,k:2',
      [
        ['k', '1'],
        ['k', '2'],
      ],
    ],
    ['the comma right after a colon as part of the value', 'k:,x', [['k', ',x']]],
  ])('reads %s', (_, text, pairs) => {
    expect(read(text)).toEqual(pairs);
  });

  it.each([
    ['no colon', 'abc123', 'unexpected end of key'],
    ['no value', 'k1:', 'no value'],
    ['no value for the second key', 'k1:v1,k2:', 'no value'],
    ['an unknown escape in a quoted key', String.raw`"k\xk":v`, 'unsupported escape character'],
    ['an unknown escape in a value', String.raw`k:v\x`, 'unsupported escape character'],
    ['a backslash at the end', 'k:v\\', 'unexpected end of escape sequence'],
    ['text after a quoted value', 'k1:"v1"x,k2:v2', 'expected "," or the end after quoted value'],
    ['text after a quoted key', '"k"x:v', 'expected ":" after quoted key'],
    ['a quoted key without end', '"k1:v1', 'unexpected end of quoted string'],
    ['a quoted value without end', 'k1:"v1', 'unexpected end of quoted string'],
    ['nothing after a quoted key', '"k"', 'expected ":" after quoted key'],
  ])('refuses %s and says where', (_, text, message) => {
    expect(() => parseGitConfig(text)).toThrow(ValueError);
    expect(() => parseGitConfig(text)).toThrow(new RegExp(`${message}.* at character \\d+`));
  });

  it('refuses a key that is a forgotten flag', () => {
    expect(gitConfigProblem('--depth=1:x')).toBe("a key must not start with '-'");
    expect(gitConfigProblem('a.b:-x')).toBeUndefined();
  });

  it('reads back any pairs that it wrote', () => {
    const pair = fc.record({
      key: fc.string({ unit: anyCharacter }),
      value: fc.string({ unit: anyCharacter }),
    });
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        expect(parseGitConfig(formatGitConfig(pairs))).toEqual(pairs);
      }),
    );
  });

  it('answers any text with pairs or an error that does not show the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('k', ':', ',', '"', '\\', 'n', 'CANARY') }), (text) => {
        try {
          expect(parseGitConfig(text).every((pair) => pair.key !== '' || text.includes('""'))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
          expect(String(error)).not.toContain('CANARY');
        }
      }),
    );
  });
});
