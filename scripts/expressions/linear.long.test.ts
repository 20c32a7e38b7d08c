/**
 * Text of strangers must not keep the process busy: every regular expression of the program takes time in proportion to
 * its input. Each is examined twice: by what is known of super-linear expressions, and by the clock, with a mebibyte
 * of its own worst.
 */
import { analyse } from 'scslre';
import { describe, expect, it } from 'vitest';
import { expectLinear } from '../../src/core/testing/linear.ts';
import { collectExpressions, type Expression, expressionsIn } from './collect.ts';
import { worstInputs } from './worst.ts';

/** Expressions that the analysis objects to although they are linear: why. */
const LINEAR_ALL_THE_SAME: ReadonlyMap<string, string> = new Map([
  [
    String.raw`^(?:"([^"]*)"|'([^']*)'|([^\s="']+))[ \t]*=[ \t]*(.*)$`,
    'what comes last takes anything up to the end, so that nothing is ever tried again',
  ],
  [
    String.raw`^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$`,
    'what comes last takes anything up to the end, so that nothing is ever tried again',
  ],
]);

const expressions = collectExpressions('src');

function reports({ source, flags }: Pick<Expression, 'source' | 'flags'>): string[] {
  return analyse({ source, flags }).reports.map(({ type, exponential }) => `${type} ${exponential}`);
}

function runOn({ source, flags }: Pick<Expression, 'source' | 'flags'>): (text: string) => unknown {
  const expression = new RegExp(source, flags);
  return flags.includes('g') ? (text) => text.replaceAll(expression, '') : (text) => expression.exec(text);
}

/** Short enough to try all inputs, long enough to tell the quadratic ones. */
const TRIAL_CHARACTERS = 16 * 1024;
const MOST_TIMED = 2;

type MakeText = (length: number) => string;

function textsOf({ source, flags }: Pick<Expression, 'source' | 'flags'>): MakeText[] {
  return worstInputs(source, flags).flatMap(({ prefix, piece }) =>
    // Without an end, and with one that it does not want.
    ['', '\n\0'].map(
      (end) => (length: number) => prefix + piece.repeat(Math.ceil(length / piece.length)) + end,
    ),
  );
}

/** Of all its inputs those that take longest get a mebibyte. */
function time(expression: Pick<Expression, 'source' | 'flags'>): void {
  const run = runOn(expression);
  const trials = textsOf(expression).map((makeText) => {
    const text = makeText(TRIAL_CHARACTERS);
    const { user } = process.cpuUsage();
    run(text);
    return { makeText, took: process.cpuUsage().user - user };
  });
  const slowest = trials.toSorted((one, other) => other.took - one.took).slice(0, MOST_TIMED);
  for (const { makeText } of slowest) {
    expectLinear(run, makeText);
  }
}

describe('every regular expression of the program', () => {
  it('is found', () => {
    expect(expressions.length).toBeGreaterThan(200);
    expect(expressionsIn('x.ts', 'const a: RegExp = /a+$/i; const b = 4 / 2 / 1; `${/c/.test("")}`')).toEqual(
      [
        { file: 'x.ts', source: 'a+$', flags: 'i' },
        { file: 'x.ts', source: 'c', flags: '' },
      ],
    );
  });

  it('is linear by what is known of those that are not', () => {
    const found = expressions.filter((expression) => reports(expression).length > 0);
    expect(found.filter(({ source }) => !LINEAR_ALL_THE_SAME.has(source))).toEqual([]);
    // An exception that is not needed any more goes.
    expect(found.map(({ source }) => source).toSorted()).toEqual([...LINEAR_ALL_THE_SAME.keys()].toSorted());
  });

  it.each(expressions.map((expression) => [expression.file, expression] as const))(
    'of %s takes a mebibyte of its worst in time: %j',
    (_, expression) => {
      time(expression);
    },
  );
});

describe('an expression that is not', () => {
  it.each(['a+$', String.raw`^\s*(.*?)\s*$`, '^(a+)*$', String.raw`\d+\.\d+`])('is told: /%s/', (source) => {
    expect(reports({ source, flags: '' })).not.toEqual([]);
  });

  it.each(['a+$', 'No .* host key is known', String.raw`transport '.*' not allowed`, String.raw`\d+\.\d+`])(
    'takes too long: /%s/',
    (source) => {
      expect(() => time({ source, flags: '' })).toThrow('processor time');
    },
  );
});
