/** Whether a push concerns what is followed. */
import { isFullHash } from '../../../git/object-name.ts';
import { isChosenByRule, looksLikeHash } from '../../sync/fetching/follow.ts';
import type { Follow } from '../../sync/spec.ts';
import { createTagFilter } from '../../sync/tags/selection.ts';
import type { Push, RefChange } from './delivery.ts';
import { endsInParts, repositoryName } from './repository-name.ts';

export interface Followed {
  /** As configured, without a password. */
  readonly repo: string;
  readonly follow: Follow;
}

export type Judged =
  | { readonly wanted: true; readonly change: RefChange }
  /** `isRepository`: it is to what is followed, but to another ref of it. */
  | { readonly wanted: false; readonly why: string; readonly isRepository?: true };

/** What a stranger wrote is shown up to here. */
const LONGEST_SHOWN = 200;

const heads = (branch: string) => `refs/heads/${branch}`;
const tags = (tag: string) => `refs/tags/${tag}`;

type Watched = (ref: string) => boolean;

/** Whether a push to a ref matters: to any branch where HEAD may be any of them. */
function watched(follow: Follow, defaultBranch: string | undefined): Watched {
  if (isChosenByRule(follow)) {
    const isCandidate = createTagFilter(followedName(follow));
    return (ref) => ref.startsWith('refs/tags/') && isCandidate(ref.slice('refs/tags/'.length));
  }
  const refs = watchedRefs(follow, defaultBranch);
  return (ref) => (refs === 'any branch' ? ref.startsWith('refs/heads/') : refs.includes(ref));
}

function watchedRefs(follow: Follow, defaultBranch: string | undefined): readonly string[] | 'any branch' {
  if (follow.kind === 'branch') {
    const { branch, rev } = follow;
    return rev === 'HEAD' ? [heads(branch)] : [tags(rev), ...(looksLikeHash(rev) ? [heads(branch)] : [])];
  }
  const { ref } = follow;
  if (ref === 'HEAD') {
    return defaultBranch === undefined ? 'any branch' : [heads(defaultBranch)];
  }
  return ref.startsWith('refs/') ? [ref] : [heads(ref), tags(ref), `refs/${ref}`];
}

function isRepository({ addresses, tail }: Push, repo: string): boolean {
  const name = repositoryName(repo);
  if (name === undefined) {
    return false;
  }
  return (
    addresses.some((address) => repositoryName(address) === name) ||
    (tail !== undefined && endsInParts(name, tail))
  );
}

/** How a person calls what is followed. */
export function followedName(follow: Follow): string {
  if (follow.kind === 'ref') {
    return follow.ref;
  }
  return follow.rev === 'HEAD' ? follow.branch : `${follow.rev} of ${follow.branch}`;
}

/** Decides whether a push may have moved what is followed, or says in words why not. */
export function judgePush(push: Push, { repo, follow }: Followed): Judged {
  if (!isRepository(push, repo)) {
    const told = (push.addresses[0] ?? push.tail ?? 'a repository without an address').slice(
      0,
      LONGEST_SHOWN,
    );
    return { wanted: false, why: `the push is to ${told}, and what is followed is ${repo}` };
  }
  const name = follow.kind === 'ref' ? follow.ref : follow.rev;
  if (isFullHash(name.toLowerCase())) {
    return { wanted: false, isRepository: true, why: `a commit is followed, ${name}, which no push changes` };
  }
  const isWatched = watched(follow, push.defaultBranch);
  const moved = push.changes.filter(({ ref }) => isWatched(ref));
  const change = moved.findLast(({ isDeleted }) => !isDeleted);
  if (change !== undefined) {
    return { wanted: true, change };
  }
  if (moved[0] !== undefined) {
    return {
      wanted: false,
      isRepository: true,
      why: `${moved[0].ref.slice(0, LONGEST_SHOWN)} was deleted: what is published stays`,
    };
  }
  const others = push.changes.slice(0, 3).map(({ ref }) => ref.slice(0, LONGEST_SHOWN));
  const pushed = others.length === 0 ? 'no ref' : others.join(', ');
  return {
    wanted: false,
    isRepository: true,
    why: `the push is to ${pushed}, and what is followed is ${followedName(follow)}`,
  };
}
