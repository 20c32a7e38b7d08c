/**
 * What of a volume is left out. A pattern without a slash matches a name at any depth, one with a slash a path from the
 * volume's root; `*` and `?` do not match a slash, `**` as a whole part matches any number of parts. What matches is left
 * out with all that is below it.
 */
import type { ByteName } from '../../core/foreign-files/entry-name.ts';
import { trimEndOf } from '../../core/trim-end.ts';
import { NO_CONTENT } from '../model.ts';
import { type BytePath, bytePath, nameOf } from './entry.ts';

export type IsExcluded = (path: BytePath) => boolean;

interface Pattern {
  readonly parts: readonly string[];
  /** Matches names, wherever they are. */
  readonly isName: boolean;
}

/** What a pattern says part by part. */
export const partsOf = (pattern: string): string[] =>
  pattern.split('/').filter((part) => part !== '' && part !== '.');

/**
 * Without what says nothing in a path: `/` at its end or more than one, the part `.`, and `**` after `**` or at the end. One with
 * a slash begins with one then.
 */
export function cleanPattern(text: string): string {
  const clean = partsOf(text)
    .filter((part, index, parts) => part !== '**' || parts[index - 1] !== '**')
    .map((part) => (part === '**' ? part : part.replaceAll(/[*?]{2,}/g, inGoodOrder)));
  if (clean.length > 1 && clean.at(-1) === '**') {
    clean.pop();
  }
  return trimEndOf(text, '/').includes('/') ? `/${clean.join('/')}` : clean.join('/');
}

/** To restic's `*` a `?` after it may be a part of a character: before it, it is a whole one. */
function inGoodOrder(run: string): string {
  const ones = run.replaceAll('*', '');
  return ones.length < run.length ? `${ones}*` : ones;
}

function parsePattern(text: string): Pattern {
  const clean = bytePath(cleanPattern(text));
  return { parts: clean.split('/').filter(Boolean), isName: !clean.includes('/') };
}

/** Patterns are compiled once; an empty list leaves out what is no content alone. */
export function createExclusion(patterns: readonly string[]): IsExcluded {
  const ours = new Set(NO_CONTENT);
  const parsed = patterns.map(parsePattern).filter(({ parts }) => parts.length > 0);
  if (parsed.length === 0) {
    return (path) => ours.has(path);
  }
  return (path) => {
    if (ours.has(path)) {
      return true;
    }
    const name = nameOf(path);
    const parts = path.split('/');
    return parsed.some((pattern) =>
      pattern.isName ? matchesName(pattern.parts[0] ?? '', name) : matchesParts(pattern.parts, parts),
    );
  };
}

function matchesParts(pattern: readonly string[], parts: readonly string[]): boolean {
  return matchesSequence(pattern, parts, '**', matchesName);
}

/** A character in UTF-8, or a byte that belongs to none: as Go has it, which restic matches with. */
const CHARACTER =
  /[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;
const charactersOf = (name: ByteName): readonly string[] => name.match(CHARACTER) ?? [];

/** A name with `*` for any number of characters and `?` for one. */
function matchesName(pattern: ByteName, name: ByteName): boolean {
  if (!pattern.includes('*') && !pattern.includes('?')) {
    return pattern === name;
  }
  return matchesSequence(
    charactersOf(pattern),
    charactersOf(name),
    '*',
    (one, other) => one === '?' || one === other,
  );
}

/** A wildcard may take any number; to go back to the last one only keeps it from being exponential. */
function matchesSequence(
  pattern: readonly string[],
  items: readonly string[],
  wildcard: string,
  matches: (pattern: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let afterWildcard = -1;
  let retryFrom = 0;
  while (item < items.length) {
    const expected = pattern[at];
    if (expected === wildcard) {
      at += 1;
      afterWildcard = at;
      retryFrom = item;
    } else if (expected !== undefined && matches(expected, items[item] ?? '')) {
      at += 1;
      item += 1;
    } else if (afterWildcard !== -1) {
      retryFrom += 1;
      at = afterWildcard;
      item = retryFrom;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((rest) => rest === wildcard);
}
