/** Versions and ranges of them: semver.org 2.0.0, and the ranges of npm without its rarities. */

export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** Empty for a release. */
  readonly prerelease: readonly string[];
}

/** One condition: all of a set must hold. */
interface Comparator {
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly version: Version;
}

/** Sets of conditions, of which one must hold. */
export type Range = readonly (readonly Comparator[])[];

/** Longer texts are no versions, so that no tag of a hostile remote costs more than another. */
const LONGEST = 256;
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const NUMBER = '(0|[1-9]\\d{0,14})';
const VERSION = new RegExp(
  `^[vV]?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`,
);
const PART = '(0|[1-9]\\d{0,14}|[xX*])';
const PARTIAL = new RegExp(
  `^[vV]?${PART}(?:\\.${PART}(?:\\.${PART}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?)?)?$`,
);
const OPERATOR = /^(\^|~|>=|<=|>|<|=)?(.*)$/s;
const isNumeric = (identifier: string) => /^\d+$/.test(identifier);

/** A full version; a `v` before it is allowed. Undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const found = text.length > LONGEST ? null : VERSION.exec(text);
  if (found === null) {
    return undefined;
  }
  const [, major, minor, patch, prerelease = ''] = found;
  const identifiers = prerelease === '' ? [] : prerelease.split('.');
  if (identifiers.some((each) => isNumeric(each) && each.length > 1 && each.startsWith('0'))) {
    return undefined;
  }
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: identifiers };
}

function compareIdentifiers(one: string, other: string): number {
  const [first, second] = [isNumeric(one), isNumeric(other)];
  if (first !== second) {
    return first ? -1 : 1;
  }
  if (first && one.length !== other.length) {
    return one.length - other.length; // of any length, without leading zeros
  }
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Above 0 where the first is newer. What follows a `+` does not count. */
export function compareVersions(one: Version, other: Version): number {
  for (let index = 0; index < one.numbers.length; index += 1) {
    const difference = (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  const [first, second] = [one.prerelease, other.prerelease];
  if (first.length === 0 || second.length === 0) {
    return second.length - first.length;
  }
  for (let index = 0; index < Math.min(first.length, second.length); index += 1) {
    const difference = compareIdentifiers(first[index] ?? '', second[index] ?? '');
    if (difference !== 0) {
      return difference;
    }
  }
  return first.length - second.length;
}

const version = (major: number, minor: number, patch: number, prerelease: readonly string[] = []) => ({
  numbers: [major, minor, patch] as const,
  prerelease,
});
/** Below every version with these numbers, its prereleases included. */
const before = (major: number, minor: number, patch: number) => version(major, minor, patch, ['0']);

const ANY: readonly Comparator[] = [{ operator: '>=', version: version(0, 0, 0) }];
const NONE: readonly Comparator[] = [{ operator: '<', version: before(0, 0, 0) }];

/** A version of which parts may be left out or `x`. */
interface Partial {
  readonly parts: readonly number[];
  readonly prerelease: readonly string[];
}

function parsePartial(text: string): Partial | undefined {
  const found = PARTIAL.exec(text);
  if (found === null) {
    return undefined;
  }
  const parts: number[] = [];
  for (const part of found.slice(1, 4)) {
    if (part === undefined || /^[xX*]$/.test(part)) {
      break;
    }
    parts.push(Number(part));
  }
  const prerelease = parts.length === 3 ? (found[4] ?? '') : '';
  return { parts, prerelease: prerelease === '' ? [] : prerelease.split('.') };
}

/** The first version after all those that a partial one stands for. */
function after([major = 0, minor, patch]: readonly number[]) {
  if (minor === undefined) {
    return before(major + 1, 0, 0);
  }
  return patch === undefined ? before(major, minor + 1, 0) : before(major, minor, patch + 1);
}

/** Up to where `^` goes: the leftmost part that is not 0 stays. */
function afterCaret([major = 0, minor, patch]: readonly number[]) {
  if (major > 0 || minor === undefined) {
    return before(major + 1, 0, 0);
  }
  return minor > 0 || patch === undefined ? before(0, minor + 1, 0) : before(0, 0, patch + 1);
}

function comparatorsOf(operator: string, { parts, prerelease }: Partial): readonly Comparator[] {
  if (parts.length === 0) {
    return operator === '<' || operator === '>' ? NONE : ANY;
  }
  const [major = 0, minor = 0, patch = 0] = parts;
  const from = version(major, minor, patch, prerelease);
  const isFull = parts.length === 3;
  const within = (end: Version): readonly Comparator[] => [
    { operator: '>=', version: from },
    { operator: '<', version: end },
  ];
  switch (operator) {
    case '^':
      return within(afterCaret(parts));
    case '~':
      return within(after(parts.slice(0, 2)));
    case '>=':
      return [{ operator, version: from }];
    case '<':
      return [{ operator, version: isFull ? from : before(major, minor, patch) }];
    case '>':
      return isFull
        ? [{ operator, version: from }]
        : [{ operator: '>=', version: { ...after(parts), prerelease: [] } }];
    case '<=':
      return isFull ? [{ operator, version: from }] : [{ operator: '<', version: after(parts) }];
    default:
      return isFull
        ? [
            { operator: '>=', version: from },
            { operator: '<=', version: from },
          ]
        : within(after(parts));
  }
}

function parseSet(text: string): readonly Comparator[] | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  if (words.length === 0) {
    return undefined; // with npm this is `*`, but here it is a variable of a template that was empty
  }
  if (words.length === 3 && words[1] === '-') {
    const [from, to] = [parsePartial(words[0] ?? ''), parsePartial(words[2] ?? '')];
    return from && to && [...comparatorsOf('>=', from), ...comparatorsOf('<=', to)];
  }
  const all: Comparator[] = [];
  for (const word of words) {
    const [, operator = '', rest = ''] = OPERATOR.exec(word) ?? [];
    const partial = parsePartial(rest);
    if (partial === undefined) {
      return undefined;
    }
    all.push(...comparatorsOf(operator, partial));
  }
  return all;
}

/** A range such as `^1.2`, `~1.4.2`, `>=1.2 <2`, `1.x || 3.x`, `1.2 - 1.6`, `*`. Undefined for what is none. */
export function parseRange(text: string): Range | undefined {
  if (text.length > LONGEST) {
    return undefined;
  }
  const sets = text.split('||').map((set) => parseSet(set.replace(/([<>=^~]) +/g, '$1')));
  return sets.every((set) => set !== undefined) ? sets : undefined;
}

function holds({ operator, version: limit }: Comparator, candidate: Version): boolean {
  const order = compareVersions(candidate, limit);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

const hasSameNumbers = (one: Version, other: Version) =>
  one.numbers.every((number, index) => number === other.numbers[index]);

/** The limits that `before` makes name no prerelease of the user's. */
const namesPrerelease = ({ operator, version: { prerelease } }: Comparator) =>
  prerelease.length > 0 && !(operator === '<' && prerelease.length === 1 && prerelease[0] === '0');

/** Whether a version is in a range: a prerelease only where the range names one with the same numbers, as with npm. */
export function isInRange(candidate: Version, range: Range): boolean {
  return range.some(
    (set) =>
      set.every((comparator) => holds(comparator, candidate)) &&
      (candidate.prerelease.length === 0 ||
        set.some((each) => namesPrerelease(each) && hasSameNumbers(each.version, candidate))),
  );
}
