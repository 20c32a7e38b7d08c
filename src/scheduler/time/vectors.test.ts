import { describe, expect, it } from 'vitest';
import { type ExpressionRules, parseExpression } from '../grammar/expression.ts';
import { GrammarError } from '../grammar/grammar-error.ts';
import {
  ROBFIG_ACTIVE,
  ROBFIG_EVERY,
  ROBFIG_NEXT,
  ROBFIG_OTHER_RULE,
  ROBFIG_REFUSED,
} from '../testing/vectors/robfig.ts';
import {
  SUPERCRONIC_NEVER,
  SUPERCRONIC_NEXT,
  SUPERCRONIC_REFUSED,
  SUPERCRONIC_REFUSED_ALONE,
  SUPERCRONIC_SERIES,
} from '../testing/vectors/supercronic.ts';
import { findZone } from './find-zone.ts';
import { formatInstant } from './format-instant.ts';
import { nextFire } from './next.ts';
import type { Zone } from './zone.ts';

const SUPERCRONIC_RULES: ExpressionRules = { sixth: 'year', dayRule: 'or', hashKey: '' };
const ROBFIG_RULES: ExpressionRules = { sixth: 'second', dayRule: 'or', hashKey: '' };

function zone(name: string): Zone {
  const found = findZone(name);
  if (found === undefined) {
    throw new Error(`no zone ${name}`);
  }
  return found;
}

const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);
const shown = (instant: number | undefined): string =>
  instant === undefined ? 'never' : new Date(instant).toISOString().slice(0, 19).replace('T', ' ');

function nextOf(expression: string, from: number, rules: ExpressionRules, zoneName = 'UTC') {
  return nextFire(parseExpression(expression, rules), zone(zoneName), from, from);
}

/** In the zone's own time, or in the offset that the expected text is written with. */
function nextText([zoneName, expression, from, expected]: readonly [string, string, string, string]): string {
  const next = nextOf(expression, Date.parse(from), ROBFIG_RULES, zoneName);
  if (next === undefined) {
    return 'never';
  }
  return Date.parse(expected) === next ? expected : formatInstant(next, zone(zoneName));
}

describe("supercronic's vectors", () => {
  const pairs = Object.entries(SUPERCRONIC_NEXT).flatMap(([expression, rows]) =>
    rows.map((row) => [expression, ...row.split(' -> ')] as const),
  );

  it('are all there', () => {
    expect(Object.keys(SUPERCRONIC_NEXT)).toHaveLength(14);
    expect(pairs).toHaveLength(63);
  });

  it.each(pairs)('"%s" after %s is due at %s', (expression, from = '', next = '') => {
    expect(shown(nextOf(expression, utc(from), SUPERCRONIC_RULES))).toBe(next);
  });

  it.each(Object.entries(SUPERCRONIC_SERIES))('"%s" is due in this order', (title, expected) => {
    const [expression = '', from = ''] = title.split(' after ');
    const found: string[] = [];
    for (let at = utc(from); found.length < expected.length; ) {
      at = nextOf(expression, at, SUPERCRONIC_RULES) ?? Number.NaN;
      found.push(shown(at));
    }
    expect(found).toEqual(expected);
  });

  it.each(SUPERCRONIC_NEVER)('"%s" is never due again after %s: %s', (expression, from, never) => {
    expect(nextOf(expression, utc(from), SUPERCRONIC_RULES) === undefined).toBe(never);
  });

  it.each(SUPERCRONIC_REFUSED)('"%s" is refused', (expression) => {
    expect(() => parseExpression(expression, SUPERCRONIC_RULES)).toThrowError(GrammarError);
  });

  it.each(SUPERCRONIC_REFUSED_ALONE)('"%s" is taken here, as by Vixie cron', (expression, expected) => {
    expect(parseExpression(expression, SUPERCRONIC_RULES)).toMatchObject(expected);
  });
});

describe("robfig/cron's vectors", () => {
  it.each(ROBFIG_NEXT)('in %s "%s" after %s is due at %s', (...row) => {
    expect(nextText(row)).toBe(row[3]);
  });

  it.each(ROBFIG_OTHER_RULE)(
    'in %s "%s" after %s is due at %s there, here by the rule of Vixie cron at %s',
    (zoneName, expression, from, theirs, ours) => {
      expect(nextText([zoneName, expression, from, ours])).toBe(ours);
      expect(ours).not.toBe(theirs);
    },
  );

  it.each(ROBFIG_ACTIVE)('"%s" is due at %s: %s', (expression, at, active) => {
    const next = nextOf(expression, Date.parse(at) - 1000, ROBFIG_RULES);
    expect(next === Date.parse(at)).toBe(active);
  });

  it.each(ROBFIG_EVERY)('@every %s after %s is due at %s', (delay, from, next) => {
    expect(nextOf(`@every ${delay}`, Date.parse(from), ROBFIG_RULES)).toBe(Date.parse(next));
  });

  it.each(ROBFIG_REFUSED)('"%s" is refused', (expression) => {
    expect(() => parseExpression(expression, ROBFIG_RULES)).toThrowError(GrammarError);
  });
});
