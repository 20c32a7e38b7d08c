/**
 * What of a volume is left out. A pattern without a slash matches a name at any depth, one with a slash a path from the
 * volume's root; `*` and `?` do not match a slash, `**` as a whole part matches any number of parts. What matches is left
 * out with all that is below it.
 */
import { trimEndOf } from '../../core/trim-end.ts';
import { NO_CONTENT } from '../model.ts';
import { type BytePath, nameOf, shownPath } from './entry.ts';

export type IsExcluded = (path: BytePath) => boolean;

interface Pattern {
  readonly parts: readonly string[];
  /** Matches names, wherever they are. */
  readonly isName: boolean;
}

/** Without what says nothing in a path: `/` at its end or more than one, and the part `.`. */
export function cleanPattern(text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return trimEndOf(text, '/').includes('/') ? `/${parts.join('/')}` : parts.join('/');
}

function parsePattern(text: string): Pattern {
  const clean = cleanPattern(text);
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
    const name = shownPath(nameOf(path));
    const parts = shownPath(path).split('/');
    return parsed.some((pattern) =>
      pattern.isName ? matchesName(pattern.parts[0] ?? '', name) : matchesParts(pattern.parts, parts),
    );
  };
}

/** Exported for its test. */
export function matchesParts(pattern: readonly string[], parts: readonly string[]): boolean {
  return matchesSequence(pattern, parts, '**', matchesName);
}

/** A name with `*` for any number of characters and `?` for one. */
export function matchesName(pattern: string, name: string): boolean {
  if (!pattern.includes('*') && !pattern.includes('?')) {
    return pattern === name;
  }
  return matchesSequence(
    Array.from(pattern),
    Array.from(name),
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
