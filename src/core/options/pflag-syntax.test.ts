import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlagLookup } from './flag-syntax.ts';
import { parsePflags } from './pflag-syntax.ts';

const shapes = {
  name: { key: 'name', boolean: false },
  verbose: { key: 'verbose', boolean: false },
  dry: { key: 'dry', boolean: true },
};
const lookup: FlagLookup = {
  long: (name) => (Object.hasOwn(shapes, name) ? shapes[name as keyof typeof shapes] : undefined),
  short: (letter) => ({ v: shapes.verbose, d: shapes.dry })[letter],
};
const parse = (...argv: string[]) => parsePflags(argv, lookup);
const pairs = (...argv: string[]) => parse(...argv).uses.map((use) => `${use.key}=${use.value}`);

describe('the syntax of pflag', () => {
  it.each([
    ['a value after a space', ['--name', 'x'], ['name=x']],
    ['a value after an equals sign', ['--name=x=y'], ['name=x=y']],
    ['an empty value', ['--name='], ['name=']],
    ['a value that looks like a flag', ['--name', '--dry'], ['name=--dry']],
    ['a boolean alone', ['--dry'], ['dry=true']],
    ['a boolean with a value', ['--dry=false'], ['dry=false']],
    ['a short flag and its value', ['-v', '5'], ['verbose=5']],
    ['a short flag with its value attached', ['-v5'], ['verbose=5']],
    ['a short flag with an equals sign', ['-v=5'], ['verbose=5']],
    ['a short flag with nothing after the equals sign', ['-v='], ['verbose==']],
    ['bundled short flags', ['-dv5'], ['dry=true', 'verbose=5']],
  ])('takes %s', (_, argv, expected) => {
    expect(pairs(...argv)).toEqual(expected);
  });

  it('does not take the next argument as the value of a boolean', () => {
    const parsed = parse('--dry', 'false', '--name', 'x');
    expect(parsed.uses.map((use) => use.value)).toEqual(['true', 'x']);
    expect(parsed.positionals).toEqual(['false']);
  });

  it('ends the flags at two dashes and takes one dash as a positional', () => {
    expect(parse('-', '--', '--name')).toEqual({ uses: [], positionals: ['-', '--name'] });
  });

  it.each([
    [['--nope=1'], 'unknown flag: --nope'],
    [['--name'], 'flag needs an argument: --name'],
    [['---x'], 'bad flag syntax: ---x'],
    [['--=x'], 'bad flag syntax: --=x'],
    [['-repo=x'], "unknown shorthand flag: 'r' in -repo=x"],
    [['-dx'], "unknown shorthand flag: 'x' in -x"],
    [['-dv'], "flag needs an argument: 'v' in -v"],
  ])('refuses %j with the message of pflag', (argv, message) => {
    expect(parse(...argv).error?.message).toBe(message);
  });

  it('keeps the flags that came before the first error', () => {
    expect(parse('--dry', '--nope', '--name=x').uses.map((use) => use.key)).toEqual(['dry']);
  });

  it('never throws and never loses a positional argument', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (argv) => {
        const parsed = parsePflags(argv, lookup);
        const last = argv.at(-1) ?? '';
        if (argv.length === 1 && last !== '' && !last.startsWith('-')) {
          expect(parsed.positionals).toEqual(argv);
        }
        expect(parsed.positionals.every((text) => argv.includes(text))).toBe(true);
      }),
    );
  });

  it('gives back every value that is attached with an equals sign', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (values) => {
        const parsed = parsePflags(
          values.map((value) => `--name=${value}`),
          lookup,
        );
        expect(parsed.uses.map((use) => use.value)).toEqual(values);
      }),
    );
  });
});
