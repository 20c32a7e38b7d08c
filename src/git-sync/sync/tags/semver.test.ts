import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinear, pumped } from '../../../core/testing/linear.ts';
import { compareVersions, isInRange, parseRange, parseVersion } from './semver.ts';

const version = (text: string) => {
  const found = parseVersion(text);
  if (found === undefined) {
    throw new Error(`${text} is no version`);
  }
  return found;
};
const isIn = (text: string, range: string) => {
  const parsed = parseRange(range);
  return parsed !== undefined && isInRange(version(text), parsed);
};

describe('versions', () => {
  it('are in the order of semver.org', () => {
    const sorted = [
      '0.0.1', '0.9.10', '1.0.0-0', '1.0.0-2', '1.0.0-10', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta',
      '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0',
    ]; // biome-ignore format: a list
    const shuffled = sorted.toReversed();
    expect(shuffled.toSorted((one, other) => compareVersions(version(one), version(other)))).toEqual(sorted);
    expect(compareVersions(version('1.0.0+a'), version('v1.0.0+b'))).toBe(0);
  });

  it.each([
    '', '1', '1.2', '1.2.3.4', '01.2.3', '1.2.3-01', '1.2.3-', '1.2.3+', 'x1.2.3', 'vv1.2.3', '1.2.3 ', '1.2.x',
    '1.2.3-a..b', '-1.2.3', '1.2.3\n', '9999999999999999.0.0', `1.2.3-${'a'.repeat(300)}`,
  ])('are not %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  }); // biome-ignore format: a list
});

describe('a range', () => {
  it.each([
    ['^1.2', '1.2.0 1.2.9 1.10.0', '1.1.9 2.0.0 2.0.0-rc.1 1.3.0-rc.1'],
    ['^0.2.3', '0.2.3 0.2.9', '0.2.2 0.3.0'],
    ['^0.0.3', '0.0.3', '0.0.2 0.0.4'],
    ['^0', '0.0.0 0.9.9', '1.0.0'],
    ['^0.0', '0.0.0 0.0.9', '0.1.0'],
    ['~1.4.2', '1.4.2 1.4.9', '1.4.1 1.5.0'],
    ['~1', '1.0.0 1.9.9', '2.0.0'],
    ['1.x', '1.0.0 1.9.9', '0.9.9 2.0.0'],
    ['1.2.*', '1.2.0', '1.3.0'],
    ['1.2', '1.2.0 1.2.9', '1.3.0'],
    ['v1.2.3', '1.2.3', '1.2.4'],
    ['=1.2.3', '1.2.3', '1.2.2'],
    ['*', '0.0.0 99.0.0', '1.0.0-rc.1'],
    ['>=1.2 <2', '1.2.0 1.9.9', '1.1.0 2.0.0 2.0.0-rc.1'],
    ['>1.2', '1.3.0', '1.2.9 1.3.0-rc.1'],
    ['>= 1.2 < 2', '1.9.0', '2.0.0'],
    ['<=1.2', '1.2.9', '1.3.0'],
    ['<1.2', '1.1.9', '1.2.0 1.2.0-rc.1'],
    ['1.2 - 1.6', '1.2.0 1.6.9', '1.1.9 1.7.0'],
    ['1.x || 3.x', '1.0.0 3.9.9', '2.0.0'],
    ['^1.2.0-rc.1', '1.2.0-rc.1 1.2.0-rc.2 1.2.0 1.3.0', '1.2.0-beta 1.3.0-rc.1 2.0.0-0'],
    ['>=1.0.0-0 <2', '1.0.0-alpha 1.5.0', '1.5.0-alpha 2.0.0-0'],
    ['<*', '', '0.0.0 1.0.0'],
  ])('%j has %s, and not %s', (range, inside, outside) => {
    for (const each of inside.split(' ').filter((text) => text !== '')) {
      expect([each, isIn(each, range)]).toEqual([each, true]);
    }
    for (const each of outside.split(' ')) {
      expect([each, isIn(each, range)]).toEqual([each, false]);
    }
  });

  it.each([
    '',
    ' ',
    '||',
    '^1 ||',
    '|| ^1',
    '^',
    'a',
    '^1.2.3.4',
    '>=',
    '1 -',
    '~>1.2',
    '1.2.3 || b',
    'x'.repeat(300),
  ])('is not %j', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it('of any text is a range or none, and takes no longer for a longer one', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123.-+^~<>=|x* v'.split('')) }), (text) => {
        const range = parseRange(text);
        return range === undefined || typeof isInRange(version('1.2.3'), range) === 'boolean';
      }),
    );
    const run = (text: string) => [parseVersion(text), parseRange(text)];
    expectLinear(run, pumped('1.2.3-', '0-.'));
  });
});
