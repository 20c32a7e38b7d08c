/** Brings the followed commit into the repository; a damaged repository is replaced by a new one. */
import { PillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { isFullHash } from '../../git/object-name.ts';
import type { ObjectFormat } from '../../git/private-repository.ts';
import type { Git, GitCall } from '../../git/run.ts';
import type { GitSyncSettings } from '../settings.ts';
import { removeLeftovers } from './repository/leftovers.ts';
import type { OpenRoot, SharedRepository } from './repository/shared-repository.ts';

export interface FetchInit {
  readonly git: Git;
  readonly log: Log;
  readonly settings: GitSyncSettings;
  readonly shared: SharedRepository;
  /** Where a relative address of the repository starts from. */
  readonly cwd: string;
  /** The commit that the remote said a moment ago it has for the ref. */
  readonly expected?: string | undefined;
}

const LOOKS_LIKE_HASH = /^[0-9a-f]{4,64}$/i;

/** The remote ref whose movement means a change; undefined for what cannot move. */
export function watchedRef(settings: GitSyncSettings): string {
  const { follow } = settings;
  if (follow.kind === 'ref') {
    return follow.ref;
  }
  return follow.rev === 'HEAD' ? `refs/heads/${follow.branch}` : `refs/tags/${follow.rev}`;
}

/** Whether the settings name this very commit, so that nothing can ever change. */
export function isPinned(settings: GitSyncSettings, hash: string): boolean {
  const { follow } = settings;
  const name = (follow.kind === 'ref' ? follow.ref : follow.rev).toLowerCase();
  return follow.kind === 'ref' ? name === hash : LOOKS_LIKE_HASH.test(name) && hash.startsWith(name);
}

async function isShallow({ shared }: FetchInit): Promise<boolean> {
  return (await shared.current().shallow()).length > 0;
}

async function depthFlags(init: FetchInit, depth: number): Promise<string[]> {
  if (depth > 0) {
    return ['--depth', String(depth)];
  }
  return (await isShallow(init)) ? ['--unshallow'] : [];
}

async function fetchRef(
  init: FetchInit,
  ref: string,
  call: GitCall,
  depth = init.settings.depth,
): Promise<string> {
  const { settings } = init;
  const flags = ['--verbose', '--no-progress', '--prune', '--no-auto-gc', ...(await depthFlags(init, depth))];
  if (settings.filter !== '') {
    flags.push('--filter', settings.filter);
  }
  if (settings.dialect === 'v3') {
    flags.push('-f', '--tags');
  } else if (isFullHash(ref)) {
    // Nothing follows tags here anyway, but only so is git sure that it needs no list of them.
    flags.push('--no-tags');
  }
  init.log.at(2, 'fetching', { ref, repo: settings.repo });
  await init.git.run(['fetch', ...flags, '--', settings.repo, ref], call);
  const fetched = await init.shared.current().fetchHead();
  if (fetched?.isCommit || (fetched && fetched.hash === init.expected)) {
    return fetched.hash;
  }
  return init.git.run(['rev-parse', '--verify', '--end-of-options', 'FETCH_HEAD^{commit}'], call);
}

/** By its hash a commit comes without the list of refs: a round trip less. Where the server wants a name, by name. */
async function fetchExpected(init: FetchInit, expected: string, call: GitCall): Promise<string> {
  try {
    return await fetchRef(init, expected, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    init.log.at(2, 'fetching by hash failed', { hash: expected, reason: String(error) });
    return fetchRef(init, watchedRef(init.settings), call);
  }
}

const isMissingRef = (error: unknown) => error instanceof PillionError && error.code === 'ref_not_found';

/** v3's `-rev`: a tag, or else a commit of the branch, its name possibly shortened. */
async function fetchRevision(init: FetchInit, call: GitCall): Promise<string> {
  const { follow } = init.settings;
  const ref = watchedRef(init.settings);
  if (follow.kind === 'ref' && init.expected !== undefined) {
    return fetchExpected(init, init.expected, call);
  }
  if (follow.kind === 'ref' || follow.rev === 'HEAD' || !LOOKS_LIKE_HASH.test(follow.rev)) {
    return fetchRef(init, ref, call);
  }
  const attempts = isFullHash(follow.rev.toLowerCase()) ? [follow.rev.toLowerCase(), ref] : [ref];
  for (const attempt of attempts) {
    try {
      return await fetchRef(init, attempt, call);
    } catch (error) {
      if (!isMissingRef(error)) {
        throw error;
      }
    }
  }
  await fetchRef(init, `refs/heads/${follow.branch}`, call);
  const parse = ['rev-parse', '--verify', '--end-of-options', `${follow.rev}^{commit}`];
  try {
    return await init.git.run(parse, call);
  } catch (error) {
    if (!(await isShallow(init))) {
      throw error;
    }
    await fetchRef(init, `refs/heads/${follow.branch}`, call, 0);
    return init.git.run(parse, call);
  }
}

/** Failures whose reason lies elsewhere than in our repository. */
const NOT_OURS = new Set([
  'ref_not_found',
  'submodule_commit_not_found',
  'submodule_without_url',
  'submodules_too_many',
  'host_key_changed',
  'host_key_unknown',
  'user_unknown',
  'ssh_key_refused',
  'auth_failed',
  'tls_failed',
  'remote_unreachable',
  'repository_not_found',
  'transport_refused',
  'disk_full',
  'sync_timeout',
  'git_missing',
]);

/** Whether the object store is whole; only asked after something failed, since it reads all of it. */
async function hasIntactObjects(init: FetchInit, signal: AbortSignal): Promise<boolean> {
  const call = { cwd: init.cwd, signal };
  return init.git.run(['fsck', '--no-progress', '--connectivity-only'], call).then(
    () => true,
    () => false,
  );
}

/** Whether a failed step may have failed because the local repository is damaged. */
async function isDamaged(init: FetchInit, error: unknown, signal: AbortSignal): Promise<boolean> {
  const code = error instanceof PillionError ? error.code : '';
  if (signal.aborted || NOT_OURS.has(code)) {
    return false;
  }
  return code === 'repository_corrupt' || !(await hasIntactObjects(init, signal));
}

const MISMATCH = /mismatched algorithms: client (?:sha1|sha256); server (sha1|sha256)/;

/** The format of object names that the server has, when that is why a fetch failed. */
function otherFormat(error: unknown): ObjectFormat | undefined {
  const found = error instanceof Error ? MISMATCH.exec(error.message)?.[1] : undefined;
  return found === 'sha1' || found === 'sha256' ? found : undefined;
}

/**
 * Fetches the followed commit and runs `use` with its hash; when either fails for a damaged repository, does both
 * again with a new one.
 */
export async function withFetched<T>(
  init: FetchInit,
  root: OpenRoot,
  signal: AbortSignal,
  use: (hash: string) => Promise<T>,
): Promise<T> {
  const { shared, log, cwd } = init;
  const call = { cwd, signal };
  const attempt = async () => use(await fetchRevision(init, call));
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof PillionError && error.code === 'stale_lock') {
      await removeLeftovers(root, log);
      return attempt();
    }
    const format = otherFormat(error);
    if (format === undefined && !(await isDamaged(init, error, signal))) {
      throw error;
    }
    if (format === undefined) {
      log.error('sync failed on the local repository', error);
      log.error('repository failed its checks, rebuilding it beside the published data', null, { path: cwd });
    } else {
      log.at(1, 'the repository has another format of object names', { format });
    }
    const hash = await shared.rebuild(root, format ?? shared.current().format, () =>
      fetchRevision(init, call),
    );
    return use(hash);
  }
}
