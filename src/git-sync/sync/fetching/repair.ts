/** Fetches into the repository of the root, and replaces it by a new one when it turns out to be damaged. */
import { isPillionError } from '../../../core/errors.ts';
import { GIT_ERRORS, type GitErrorCode } from '../../../git/errors.ts';
import { serverFormat } from '../../../git/object-format.ts';
import { formatOf, isFullHash, type ObjectFormat } from '../../../git/object-name.ts';
import { SUBMODULE_ERRORS } from '../../../git/submodules/errors.ts';
import type { LockedContext } from '../context.ts';
import { GATE_ERRORS } from '../gates/errors.ts';
import { SIGNATURE_ERRORS } from '../gates/signatures/errors.ts';
import { removeGitLeftovers } from '../repository/leftovers.ts';
import { protectOthers } from '../repository/protect.ts';
import { SPARSE_ERRORS } from '../repository/sparse.ts';
import { ROOT_ERRORS } from '../root.ts';
import { TAG_ERRORS } from '../tags/errors.ts';
import { fetchFollowed } from './fetch.ts';
import { watchedRef } from './follow.ts';

/** Failures whose reason lies in the remote, the configuration or the machine, not in our copy. */
const REMOTE_OR_CONFIG_ERRORS: ReadonlySet<string> = new Set([
  ...Object.keys(SUBMODULE_ERRORS),
  ...Object.keys(SPARSE_ERRORS),
  ...Object.keys(GATE_ERRORS),
  ...Object.keys(SIGNATURE_ERRORS),
  ...Object.keys(TAG_ERRORS),
  ...Object.keys(ROOT_ERRORS),
  ...([
    'root_of_another_user',
    'ref_not_found',
    'head_not_found',
    'web_page',
    'proxy_refused',
    'bad_address',
    'dumb_http',
    'bad_filter',
    'foreign_repository',
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
    'object_malformed',
    'disk_full',
    'lfs_failed',
    'sync_timeout',
    'git_missing',
  ] satisfies GitErrorCode[]),
]);

/** Whether the object store is complete; only asked after something failed, since it reads all of it. */
async function hasIntactObjects({ git, root }: LockedContext, signal: AbortSignal): Promise<boolean> {
  return git.run(['fsck', '--no-progress', '--connectivity-only'], { cwd: root, signal }).then(
    () => true,
    () => false,
  );
}

/** Whether a failed step may have failed because the local repository is damaged. */
async function isDamaged(context: LockedContext, error: unknown, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || (isPillionError(error) && REMOTE_OR_CONFIG_ERRORS.has(error.code))) {
    return false;
  }
  return GIT_ERRORS.repository_corrupt.matches(error) || !(await hasIntactObjects(context, signal));
}

/**
 * The other format, when a commit is followed by a hash of that: git takes such a hash for the name of a ref, and does not
 * ask the server for more than the list of those.
 */
function formatOfHash(error: unknown, ref: string, own: ObjectFormat): ObjectFormat | undefined {
  const isUnknown = GIT_ERRORS.ref_not_found.matches(error) && isFullHash(ref.toLowerCase());
  return isUnknown && formatOf(ref) !== own ? formatOf(ref) : undefined;
}

export interface FetchOptions {
  /** The commit that the remote was just seen to have for the ref, if it could be asked. */
  readonly expected: string | undefined;
  /** Nothing was fetched by this process yet: what the root has already need not be sent again. */
  readonly isFirst: boolean;
  /** The ref, where a rule has chosen it. */
  readonly from?: string;
}

/**
 * Fetches the followed commit and runs `use` with its hash; when either fails for a damaged repository, does both
 * again with a new one, which is put in place only when it is complete.
 */
export async function withFetchedCommit<T>(
  context: LockedContext,
  { expected, isFirst, from }: FetchOptions,
  signal: AbortSignal,
  use: (hash: string) => Promise<T>,
): Promise<T> {
  const { shared, open, git, log, root } = context;
  const fetch = () => fetchFollowed(context, expected, signal, from);
  const attempt = async () => {
    if (isFirst) {
      // Git tells the server what its refs lead to.
      await protectOthers(shared, open, git, { cwd: root, signal });
    }
    return use(await fetch());
  };
  try {
    return await attempt();
  } catch (error) {
    if (GIT_ERRORS.stale_lock.matches(error)) {
      await removeGitLeftovers(open, log);
      return attempt();
    }
    const own = shared.current().format;
    const guessed = formatOfHash(error, from ?? watchedRef(context.spec.follow), own);
    const format = serverFormat(error, own) ?? guessed;
    if (format !== undefined) {
      log.at(1, 'the repository has another format of object names', { format });
    } else if (await isDamaged(context, error, signal)) {
      log.error('sync failed on the local repository', error);
      log.error('repository failed its checks, rebuilding it beside the published data', null, {
        path: root,
      });
    } else {
      throw error;
    }
    try {
      return await use(await shared.rebuild(open, format ?? own, fetch));
    } catch (second) {
      // It was the name of a ref after all: a server says so in several ways.
      const isWrongGuess =
        guessed !== undefined &&
        (serverFormat(second, guessed) !== undefined || GIT_ERRORS.git_failed.matches(second));
      throw isWrongGuess ? error : second;
    }
  }
}
