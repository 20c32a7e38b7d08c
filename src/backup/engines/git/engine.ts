/** Backups as commits of a branch. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { STORE_ERRORS } from '../../errors.ts';
import type { Engine, EngineContext, EngineWork } from '../../model.ts';
import { type GitAccess, type GitEngineSettings, withGit } from './access.ts';
import { forgetSnapshots } from './forget.ts';
import { listFiles, readBackSnapshot, showFile, verifyTip } from './read.ts';
import { inOurWords, reasonOf, withoutRoomToStore } from './reason.ts';
import { restoreSnapshot } from './restore.ts';
import { stateOf } from './state.ts';
import { storeSnapshot } from './store.ts';

export type { GitEngineSettings } from './access.ts';

/** A new file:// repository may be made in place of nothing; on a server it is the server's owner who makes one. */
async function initialise(access: GitAccess, signal: AbortSignal): Promise<void> {
  if (!access.url.startsWith('file://')) {
    throw STORE_ERRORS.store_failed({
      message: `there is no repository at ${access.settings.shown}`,
      hint: 'make an empty one on the server; Pillion makes the branch',
    });
  }
  const path = fileURLToPath(access.url);
  if (existsSync(path)) {
    throw STORE_ERRORS.store_failed({ message: `${path} is there, and is no repository of git` });
  }
  await access.run(['init', '--quiet', '--bare', path], { signal });
}

export function createGitEngine(settings: GitEngineSettings, context: EngineContext): Engine {
  const using = async <T>({ signal }: EngineWork, use: (access: GitAccess) => Promise<T>): Promise<T> => {
    try {
      return await withGit(settings, context, signal, use);
    } catch (error) {
      signal.throwIfAborted();
      throw inOurWords(error);
    }
  };
  return {
    kind: 'git',
    keepsExtendedAttributes: false,
    async state(signal) {
      try {
        return await withGit(settings, context, signal, (access) => stateOf(access, signal));
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'UNKNOWN', reason: reasonOf(error) };
      }
    },
    init: (signal) => using({ signal }, (access) => initialise(access, signal)),
    restoreTo: (snapshot, target, work) =>
      using(work, (access) => restoreSnapshot(access, snapshot, target, work)),
    backup: (request, work) =>
      using(work, async (access) => {
        try {
          return await storeSnapshot(access, request, work);
        } catch (error) {
          throw withoutRoomToStore(error, context.workDir);
        }
      }),
    readBack: (snapshot, work) => using(work, (access) => readBackSnapshot(access, snapshot, work)),
    verify: (share, work) => using(work, (access) => verifyTip(access, share, work)),
    forget: (snapshots, work) => using(work, (access) => forgetSnapshots(access, snapshots, work)),
    ls: (snapshot, work, write) => using(work, (access) => listFiles(access, snapshot, work, write)),
    cat: (snapshot, path, work, write) =>
      using(work, (access) => showFile(access, snapshot, path, work, write)),
  };
}
