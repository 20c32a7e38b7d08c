/** A commit to its branch, on which somebody else may have pushed since it was looked at. */
import { STORE_ERRORS } from '../../errors.ts';
import type { GitAccess } from './access.ts';
import { askTip } from './repository.ts';

interface Pushed {
  readonly gitDir: string;
  /** What the branch was when the commit was made; '' when it was not there. */
  readonly expected: string;
  readonly id: string;
}

/** Whoever pushes all the time is not to be won against. */
const TRIES = 3;

/**
 * Never over what is not known: the server compares.
 * @returns the ref that has the commit now: another one than the branch where the policy says so
 * @throws PillionError `store_failed` when somebody else was faster; what git says
 */
export async function push(
  access: GitAccess,
  { gitDir, expected, id }: Pushed,
  signal: AbortSignal,
): Promise<string> {
  const { settings, ref, context } = access;
  const lost = await tryPush(access, { gitDir, expected, id }, ref, signal);
  if (lost === undefined) {
    return ref;
  }
  if (settings.onPushRace === 'branch') {
    const other = `${ref}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${id.slice(0, 8)}`;
    const failure = await tryPush(access, { gitDir, expected: '', id }, other, signal);
    if (failure === undefined) {
      context.warn('somebody else has pushed meanwhile: the backup has a branch of its own', {
        branch: other,
      });
      return other;
    }
    throw failure;
  }
  for (let tries = 1; settings.onPushRace === 'overwrite' && tries <= TRIES; tries += 1) {
    const theirs = (await askTip(access, signal))?.id ?? '';
    if ((await tryPush(access, { gitDir, expected: theirs, id }, ref, signal)) === undefined) {
      context.warn('somebody else has pushed meanwhile: it was overwritten', { commit: theirs });
      return ref;
    }
  }
  throw lost;
}

/** The error when somebody else was faster. */
async function tryPush(
  access: GitAccess,
  { gitDir, expected, id }: Pushed,
  ref: string,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const lease = `--force-with-lease=${ref}:${expected}`;
  try {
    const args = ['push', '--quiet', '--no-verify', lease, 'origin', `${id}:${ref}`];
    await access.run(args, { gitDir, signal });
    return undefined;
  } catch (error) {
    if (/stale info|non-fast-forward|fetch first|cannot lock ref|already exists/.test(String(error))) {
      return STORE_ERRORS.store_failed(
        {
          message: `somebody else has pushed to ${access.settings.shown} while the volume was backed up`,
          hint: 'let one pod alone back up to a branch; the next backup goes on from what is there now. --on-push-race says what else may be done',
        },
        { cause: error },
      );
    }
    throw error;
  }
}
