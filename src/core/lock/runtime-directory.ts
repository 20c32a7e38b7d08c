/** A private directory for what only this process may see: sockets, configuration, copies of keys. */
import { lstat, mkdtemp, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { defineErrors, errorMessage } from '../errors.ts';
import { removeTree } from '../files.ts';
import { timeoutSignal } from '../timer.ts';
import { untilAborted } from '../until-aborted.ts';
import { listenAlive, probeAlive } from './alive-socket.ts';

export const RUNTIME_ERRORS = defineErrors({
  no_runtime_directory: {
    message: ({ why }: { readonly why: string }) =>
      `cannot make a private directory for temporary files: ${why}`,
    hint: 'mount an emptyDir at /tmp, or set TMPDIR to a writable directory',
  },
});

export interface RuntimeDirectory {
  readonly path: string;
  /** The place is one that others see as well: who, for a warning. Undefined for a private one. */
  readonly sharedWith: string | undefined;
  /** Never rejects, and ends within some seconds whatever hangs. */
  remove(): Promise<void>;
}

/** Where the directory may be made. */
export interface RuntimePlace {
  readonly path: string | undefined;
  /** Who else sees what is there, for a warning; absent for a place that belongs to this container. */
  readonly sharedWith?: string | undefined;
}

/** Unix socket addresses hold 107 bytes, of which a name like `/.pillion-git-sync-XXXXXX/credentials` takes some. */
const LONGEST_PATH = 70;
/** Proves that the owner lives: process ids repeat in containers, and a volume at /tmp outlives them. */
const ALIVE = 'alive';
/** Its name until it listens: a socket at which nobody listens yet looks like one whose owner has died. */
const NOT_YET_ALIVE = 'starting';
/** No socket: still being created, or left by a crash. After this time it is the latter, in milliseconds. */
const CREATION_MS = 60_000;
const REMOVAL_MS = 5_000;

/**
 * Makes the directory (mode 0700) in the first of the places that can be written. What killed owners of the same kind
 * left there is removed. A place that others see as well is for the caller to warn about: who runs as the same user in
 * another container of the pod can read what is there.
 * @param kind part of its name, like `git-sync`
 * @throws PillionError `no_runtime_directory`
 */
export async function createRuntimeDirectory(
  kind: string,
  places: readonly RuntimePlace[],
): Promise<RuntimeDirectory> {
  const prefix = `.pillion-${kind}-`;
  let reason: unknown = new Error('there is no place for it');
  for (const { path, sharedWith } of places) {
    if (path === undefined || path === '' || Buffer.byteLength(path) > LONGEST_PATH) {
      continue;
    }
    try {
      await removeAbandoned(path, prefix);
      return await createIn(path, prefix, sharedWith);
    } catch (error) {
      reason = error;
    }
  }
  throw RUNTIME_ERRORS.no_runtime_directory({ why: errorMessage(reason) }, { cause: reason });
}

async function createIn(
  place: string,
  prefix: string,
  sharedWith: string | undefined,
): Promise<RuntimeDirectory> {
  const path = await mkdtemp(join(place, prefix));
  try {
    const socket = await listenAlive(join(path, NOT_YET_ALIVE));
    await rename(join(path, NOT_YET_ALIVE), join(path, ALIVE));
    return {
      path,
      sharedWith,
      async remove() {
        socket.close();
        await untilAborted(removeTree(path), timeoutSignal(REMOVAL_MS)).catch(() => {});
      },
    };
  } catch (error) {
    await removeTree(path).catch(() => {});
    throw error;
  }
}

/** What a killed process left in the same place: copies of keys, and maybe a header with a token. */
async function removeAbandoned(place: string, prefix: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const path = join(place, name);
    if (await isAbandoned(path)) {
      await removeTree(path).catch(() => {});
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  if (status?.isDirectory() !== true || status.uid !== process.getuid?.()) {
    return false;
  }
  const liveness = await probeAlive(join(path, ALIVE));
  return liveness === 'dead' || (liveness === 'missing' && Date.now() - status.mtimeMs > CREATION_MS);
}
