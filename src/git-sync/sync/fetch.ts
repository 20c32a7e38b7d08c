/** Brings the followed commit into the repository, and repairs the repository beside when it is broken. */
import { join } from 'node:path';
import { PillionError } from '../../core/errors.ts';
import { removeTree } from '../../core/files.ts';
import { isFullHash } from '../../git/object-name.ts';
import type { GitCall } from '../../git/run.ts';
import type { GitSyncSettings } from '../settings.ts';
import { isShallow, readFetchHead } from './repository/files.ts';
import {
  ensureRepository,
  isSound,
  makeBeside,
  type RepositoryInit,
  removeLeftovers,
  swapIn,
} from './repository/repository.ts';

export interface FetchInit extends RepositoryInit {
  readonly settings: GitSyncSettings;
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

async function depthFlags(settings: GitSyncSettings, gitDir: string): Promise<string[]> {
  if (settings.depth > 0) {
    return ['--depth', String(settings.depth)];
  }
  return (await isShallow(gitDir)) ? ['--unshallow'] : [];
}

async function fetchRef(init: FetchInit, gitDir: string, ref: string, call: GitCall): Promise<string> {
  const { settings } = init;
  const flags = [
    '--verbose',
    '--no-progress',
    '--prune',
    '--no-auto-gc',
    ...(await depthFlags(settings, gitDir)),
  ];
  if (settings.filter !== '') {
    flags.push('--filter', settings.filter);
  }
  if (settings.dialect === 'v3') {
    flags.push('-f', '--tags');
  } else if (isFullHash(ref)) {
    // Nothing follows tags here anyway, but only so is git sure that it needs no list of them.
    flags.push('--no-tags');
  }
  init.log.at(2, 'fetching', { ref, repo: init.repo });
  await init.git.run(['fetch', ...flags, '--', init.repo, ref], call);
  const fetched = await readFetchHead(gitDir);
  if (fetched?.isCommit || (fetched && fetched.hash === init.expected)) {
    return fetched.hash;
  }
  return init.git.run(['rev-parse', '--verify', '--end-of-options', 'FETCH_HEAD^{commit}'], call);
}

/** By its hash a commit comes without the list of refs: a round trip less. Where the server wants a name, by name. */
async function fetchExpected(
  init: FetchInit,
  gitDir: string,
  expected: string,
  call: GitCall,
): Promise<string> {
  try {
    return await fetchRef(init, gitDir, expected, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    init.log.at(2, 'fetching by hash failed', { hash: expected, reason: String(error) });
    return fetchRef(init, gitDir, watchedRef(init.settings), call);
  }
}

const isMissingRef = (error: unknown) => error instanceof PillionError && error.code === 'ref_not_found';

/** v3's `-rev`: a tag, or else a commit of the branch, its name possibly shortened. */
async function fetchRevision(init: FetchInit, gitDir: string, call: GitCall): Promise<string> {
  const { follow } = init.settings;
  const ref = watchedRef(init.settings);
  if (follow.kind === 'ref' && init.expected !== undefined) {
    return fetchExpected(init, gitDir, init.expected, call);
  }
  if (follow.kind === 'ref' || follow.rev === 'HEAD' || !LOOKS_LIKE_HASH.test(follow.rev)) {
    return fetchRef(init, gitDir, ref, call);
  }
  const attempts = isFullHash(follow.rev.toLowerCase()) ? [follow.rev.toLowerCase(), ref] : [ref];
  for (const attempt of attempts) {
    try {
      return await fetchRef(init, gitDir, attempt, call);
    } catch (error) {
      if (!isMissingRef(error)) {
        throw error;
      }
    }
  }
  await fetchRef(init, gitDir, `refs/heads/${follow.branch}`, call);
  const parse = ['rev-parse', '--verify', '--end-of-options', `${follow.rev}^{commit}`];
  try {
    return await init.git.run(parse, call);
  } catch (error) {
    if (!(await isShallow(gitDir))) {
      throw error;
    }
    await fetchRef(
      { ...init, settings: { ...init.settings, depth: 0 } },
      gitDir,
      `refs/heads/${follow.branch}`,
      call,
    );
    return init.git.run(parse, call);
  }
}

/** Failures whose reason lies elsewhere than in our repository. */
const NOT_OURS = new Set([
  'ref_not_found',
  'submodule_commit_not_found',
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

/** Whether a failed step may have failed because the local repository is damaged. */
async function isDamaged(init: FetchInit, error: unknown, signal: AbortSignal): Promise<boolean> {
  const code = error instanceof PillionError ? error.code : '';
  if (signal.aborted || NOT_OURS.has(code)) {
    return false;
  }
  return code === 'repository_corrupt' || !(await isSound(init, signal));
}

/** A whole new repository, fetched beside the old one and put in its place only when it is complete. */
async function rebuild(init: FetchInit, signal: AbortSignal): Promise<string> {
  init.log.error('repository failed its checks, rebuilding it beside the published data', null, {
    path: init.root,
  });
  const fresh = await makeBeside(init);
  try {
    const hash = await fetchRevision(init, fresh, { cwd: init.root, signal, env: { GIT_DIR: fresh } });
    await swapIn(init, fresh);
    return hash;
  } catch (error) {
    // The disk may be full because of it.
    await removeTree(fresh).catch(() => {});
    throw error;
  }
}

/**
 * Fetches the followed commit and runs `use` with its hash; when either fails for a damaged repository, does both
 * again with a new one.
 */
export async function withFetched<T>(
  init: FetchInit,
  signal: AbortSignal,
  use: (hash: string) => Promise<T>,
): Promise<T> {
  const gitDir = join(init.root, '.git');
  const attempt = async () => {
    await ensureRepository(init, signal);
    return use(await fetchRevision(init, gitDir, { cwd: init.root, signal }));
  };
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof PillionError && error.code === 'stale_lock') {
      await removeLeftovers(init);
      return attempt();
    }
    if (!(await isDamaged(init, error, signal))) {
      throw error;
    }
    init.log.error('sync failed on the local repository', error);
    return use(await rebuild(init, signal));
  }
}
