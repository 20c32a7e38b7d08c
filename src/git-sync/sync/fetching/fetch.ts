/** Fetches the followed commit. */
import { GIT_ERRORS, isDiskFull } from '../../../git/errors.ts';
import { isFullHash } from '../../../git/object-name.ts';
import type { GitCall } from '../../../git/run.ts';
import type { SyncContext } from '../context.ts';
import { looksLikeHash, watchedRef } from './follow.ts';

/** What a fetch is asked for. */
interface Request {
  /** A ref or a full hash. */
  readonly ref: string;
  /** How many commits of history; 0 is all of them. */
  readonly depth: number;
  /** What the remote said a moment ago it has for the ref. */
  readonly expected: string | undefined;
}

async function isShallow({ shared }: SyncContext): Promise<boolean> {
  return (await shared.current().shallow()).length > 0;
}

async function depthFlags(context: SyncContext, depth: number): Promise<string[]> {
  if (depth > 0) {
    return ['--depth', String(depth)];
  }
  return (await isShallow(context)) ? ['--unshallow'] : [];
}

async function fetchFlags(context: SyncContext, { ref, depth }: Request): Promise<string[]> {
  const { spec } = context;
  const flags = ['--verbose', '--no-progress', '--prune', '--no-auto-gc'];
  flags.push(...(await depthFlags(context, depth)));
  if (spec.filter !== '') {
    flags.push('--filter', spec.filter);
  }
  if (spec.dialect === 'v3' || isFullHash(ref)) {
    // Nothing follows tags here anyway, but only with this flag git needs no list of them.
    flags.push('--no-tags');
  }
  return flags;
}

/**
 * v3 has the remote's tags. Asked for by a pattern rather than with `--tags`, those that are gone there are pruned before
 * others are written: a tag `rel` that has become `rel/1` would be in its way.
 */
const refspecs = ({ spec }: SyncContext, ref: string) =>
  spec.dialect === 'v3' ? [ref, '+refs/tags/*:refs/tags/*'] : [ref];

/** The commit that a revision names in the repository. */
function resolveCommit({ git, root }: SyncContext, revision: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`];
  return git.run(args, { cwd: root, signal });
}

/** What git takes for a server behind its descriptor 3 (git-remote-fd(1)). */
const RELAYED = 'fd::3';

async function fetchRef(
  context: SyncContext,
  request: Request,
  signal: AbortSignal,
  relay?: GitCall['onChannel'],
): Promise<string> {
  const { spec, git, log, root, shared } = context;
  const { ref, expected } = request;
  const flags = await fetchFlags(context, request);
  log.at(2, 'fetching', { ref, repo: spec.repo });
  const [config, from] =
    relay === undefined ? [[], spec.repo] : [['-c', 'protocol.fd.allow=always'], RELAYED];
  // A relative address of the repository starts from the root.
  await git.run([...config, 'fetch', ...flags, '--', from, ...refspecs(context, ref)], {
    cwd: root,
    signal,
    onChannel: relay,
  });
  const fetched = await shared.current().fetchHead();
  if (fetched?.isCommit || (fetched && fetched.hash === expected)) {
    return fetched.hash;
  }
  return resolveCommit(context, 'FETCH_HEAD', signal);
}

/** A partial clone is told where to get what it lacks: that is no descriptor. */
const relayFor = ({ spec, takeRelay }: SyncContext) => (spec.filter === '' ? takeRelay?.() : undefined);

/** By its hash a commit comes without the list of refs: a round trip less. Where the server wants a name, by name. */
async function fetchExpected(
  context: SyncContext,
  expected: string,
  ref: string,
  signal: AbortSignal,
): Promise<string> {
  const { depth } = context.spec;
  try {
    return await fetchRef(context, { ref: expected, depth, expected }, signal, relayFor(context));
  } catch (error) {
    signal.throwIfAborted();
    // By name it is as large.
    if (isDiskFull(error)) {
      throw error;
    }
    context.log.at(2, 'fetching by hash failed', { hash: expected, reason: String(error) });
    return fetchRef(context, { ref, depth, expected }, signal);
  }
}

/** The first of the refs that the remote has; undefined when it has none of them. */
async function fetchFirst(
  context: SyncContext,
  refs: readonly string[],
  expected: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const ref of refs) {
    try {
      return await fetchRef(context, { ref, depth: context.spec.depth, expected }, signal);
    } catch (error) {
      if (!GIT_ERRORS.ref_not_found.matches(error)) {
        throw error;
      }
    }
  }
  return undefined;
}

/** v3's `-rev` that may be a hash: a tag of that name, or else a commit of the branch, its name possibly shortened. */
async function fetchRevision(
  context: SyncContext,
  { branch, rev }: { readonly branch: string; readonly rev: string },
  expected: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const hash = rev.toLowerCase();
  const tag = `refs/tags/${rev}`;
  const found = await fetchFirst(context, isFullHash(hash) ? [hash, tag] : [tag], expected, signal);
  if (found !== undefined) {
    return found;
  }
  const request = { ref: `refs/heads/${branch}`, depth: context.spec.depth, expected };
  await fetchRef(context, request, signal);
  try {
    return await resolveCommit(context, rev, signal);
  } catch (error) {
    if (!(await isShallow(context))) {
      throw error;
    }
    await fetchRef(context, { ...request, depth: 0 }, signal);
    return resolveCommit(context, rev, signal);
  }
}

/**
 * Fetches the followed commit and returns its hash.
 * @param expected the commit that the remote was just seen to have for the ref, if it could be asked
 * @param from the ref, where a rule has chosen it
 */
export async function fetchFollowed(
  context: SyncContext,
  expected: string | undefined,
  signal: AbortSignal,
  from: string = watchedRef(context.spec.follow),
): Promise<string> {
  // With a commit by its hash the tag that is signed would not come.
  const { follow, depth, verify } = context.spec;
  if (follow.kind === 'ref' && expected !== undefined && verify !== 'tag') {
    return fetchExpected(context, expected, from, signal);
  }
  if (follow.kind === 'branch' && follow.rev !== 'HEAD' && looksLikeHash(follow.rev)) {
    return fetchRevision(context, follow, expected, signal);
  }
  return fetchRef(context, { ref: from, depth, expected }, signal);
}
