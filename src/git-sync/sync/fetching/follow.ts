/** What the followed ref means. */
import { type RefQuery, refNamed } from '../../../git/remote/ref-query.ts';
import type { Follow } from '../spec.ts';
import { isSelection, selectionQuery } from '../tags/selection.ts';

const LOOKS_LIKE_HASH = /^[0-9a-f]{4,64}$/i;

/** Whether a revision may be the hash of a commit, possibly shortened. */
export function looksLikeHash(revision: string): boolean {
  return LOOKS_LIKE_HASH.test(revision);
}

/** The remote ref whose movement means a change. */
export function watchedRef(follow: Follow): string {
  if (follow.kind === 'ref') {
    return follow.ref;
  }
  return follow.rev === 'HEAD' ? `refs/heads/${follow.branch}` : `refs/tags/${follow.rev}`;
}

/** Whether one of many tags is followed, so that the remote has to be asked before anything can be fetched. */
export function isChosenByRule(follow: Follow): boolean {
  return follow.kind === 'ref' && isSelection(follow.ref);
}

/** What the remote is asked for. */
export function queryOf(follow: Follow): RefQuery {
  const ref = watchedRef(follow);
  return isChosenByRule(follow) ? selectionQuery(ref) : refNamed(ref);
}

/** Whether this very commit is named, so that nothing can ever change. */
export function isPinned(follow: Follow, hash: string): boolean {
  const name = (follow.kind === 'ref' ? follow.ref : follow.rev).toLowerCase();
  return follow.kind === 'ref' ? name === hash : looksLikeHash(name) && hash.startsWith(name);
}
