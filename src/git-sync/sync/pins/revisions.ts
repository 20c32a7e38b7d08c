/** Which commits were published one after the other: pure. */
import type { Revision } from './state.ts';

/** Remembers a publication. A rollback leaves the order as it is: what was published after its target is newer still. */
export function withPublished(
  revisions: readonly Revision[],
  fresh: Revision,
  isRollback: boolean,
): readonly Revision[] {
  const { hash } = fresh;
  const isKnown = revisions.some((each) => each.hash === hash);
  if (isRollback && isKnown) {
    return revisions.map((each) => (each.hash === hash ? fresh : each));
  }
  return [...revisions.filter((each) => each.hash !== hash), fresh];
}

/** The tree of a commit is begun again: until it is published it may be less than whole. */
export function withBegun(revisions: readonly Revision[], hash: string): readonly Revision[] {
  return revisions.map((each) => (each.hash === hash ? { ...each, isWhole: false } : each));
}

/** The newest ones, with what is published and what is pinned. */
export function pruned(
  revisions: readonly Revision[],
  count: number,
  needed: readonly (string | null)[],
): readonly Revision[] {
  const newest = new Set(revisions.slice(-count).map(({ hash }) => hash));
  return revisions.filter(({ hash }) => newest.has(hash) || needed.includes(hash));
}

/** The one before the published one, or before the newest where that is not known. */
export function before(revisions: readonly Revision[], published: string | null): Revision | undefined {
  const index = revisions.findIndex(({ hash }) => hash === published);
  return revisions[(index === -1 ? revisions.length : index) - 1];
}

/** Those that a hash, possibly shortened, names. */
export function named(revisions: readonly Revision[], name: string): readonly Revision[] {
  const lower = name.toLowerCase();
  return lower.length < 4 ? [] : revisions.filter(({ hash }) => hash.startsWith(lower));
}
