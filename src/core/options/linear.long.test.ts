/** Values of options may come from elsewhere than the one who writes the command line: a mebibyte of any takes no time. */
import { describe, it } from 'vitest';
import { expectLinear, pumped } from '../testing/linear.ts';
import { parseGoBool, parseGoDuration, parseGoFloat, parseGoInt } from './go-values.ts';
import { parseGoFlags } from './goflag-syntax.ts';
import { parsePflags } from './pflag-syntax.ts';

const NOTHING = { long: () => undefined, short: () => undefined };
const PIECES = ['a', '-', '=', ' ', '1_', '9.', '1s', '\0'];
/** An error quotes the whole value, character by character. */
const LIMITS = { limitMs: 300 };

/** What it says of a value does not matter here. */
const tolerant = (run: (text: string) => unknown) => (text: string) => {
  try {
    return run(text);
  } catch (error) {
    return error;
  }
};

describe.each([
  ['a boolean', parseGoBool],
  ['a number', parseGoInt],
  ['a fraction', parseGoFloat],
  ['a duration', parseGoDuration],
  ['a flag of pflag', (text: string) => parsePflags([text], NOTHING)],
  ['a flag of Go', (text: string) => parseGoFlags([text], NOTHING)],
])('a mebibyte as %s', (_, parse: (text: string) => unknown) => {
  it.each(PIECES)('of %j is read in time', (piece) => {
    for (const prefix of ['', '--a=', '1']) {
      expectLinear(tolerant(parse), pumped(prefix, piece, 'x'), LIMITS);
    }
  });
});

describe('many arguments', () => {
  it.each(['-a', '--a', '--a=b', '--', 'a', '-'])('%j are read in time', (argument) => {
    const many = (length: number) => Array<string>(Math.ceil(length / 8)).fill(argument);
    expectLinear((argv: string[]) => tolerant(() => parsePflags(argv, NOTHING))(''), many, LIMITS);
    expectLinear((argv: string[]) => tolerant(() => parseGoFlags(argv, NOTHING))(''), many, LIMITS);
  });
});
