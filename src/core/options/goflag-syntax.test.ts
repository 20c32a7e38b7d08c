import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlagLookup } from './flag-syntax.ts';
import { parseGoFlags } from './goflag-syntax.ts';

const shapes = {
  name: { key: 'name', boolean: false },
  dry: { key: 'dry', boolean: true },
  v: { key: 'v', boolean: false },
};
const lookup: FlagLookup = {
  long: (name) => (Object.hasOwn(shapes, name) ? shapes[name as keyof typeof shapes] : undefined),
  short: () => undefined,
};
const parse = (...argv: string[]) => parseGoFlags(argv, lookup);
const pairs = (...argv: string[]) => parse(...argv).uses.map((use) => `${use.key}=${use.value}`);

describe("the syntax of Go's flag package", () => {
  it('takes one dash and two as the same', () => {
    expect(pairs('-name', 'x', '--name', 'y', '-name=z', '--name=')).toEqual([
      'name=x',
      'name=y',
      'name=z',
      'name=',
    ]);
  });

  it('takes the value of a boolean only after an equals sign', () => {
    expect(pairs('-dry', '-dry=false')).toEqual(['dry=true', 'dry=false']);
  });

  it('stops at the first positional argument and ignores all that follows', () => {
    expect(parse('-dry', 'true', '-name=x')).toEqual({
      uses: [{ key: 'dry', value: 'true', spelled: '-dry' }],
      positionals: ['true', '-name=x'],
    });
  });

  it('stops after two dashes and at a single dash', () => {
    expect(parse('--', '-dry').positionals).toEqual(['-dry']);
    expect(parse('-', '-dry').positionals).toEqual(['-', '-dry']);
  });

  it.each([
    [['-nope=1'], 'flag provided but not defined: -nope'],
    [['--nope'], 'flag provided but not defined: -nope'],
    [['-name'], 'flag needs an argument: -name'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-=x'], 'bad flag syntax: -=x'],
  ])('refuses %j with the message of Go', (argv, message) => {
    expect(parse(...argv).error?.message).toBe(message);
  });

  it('gives back every attached value and never throws on anything', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (values, noise) => {
        const given = values.map((value) => `-name=${value}`);
        expect(parse(...given).uses.map((use) => use.value)).toEqual(values);
        expect(() => parse(...noise)).not.toThrow();
      }),
    );
  });
});
