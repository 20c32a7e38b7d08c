/** A private directory for what only this process may see: the credential socket, git's configuration, key copies. */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { defineErrors, errorMessage, systemErrorCode } from '../core/errors.ts';

export const RUNTIME_ERRORS = defineErrors({
  no_runtime_directory: {
    message: ({ why }: { readonly why: string }) =>
      `cannot make a private directory for temporary files: ${why}`,
    hint: 'mount an emptyDir at /tmp, or set TMPDIR to a writable directory',
  },
});

export interface RuntimeDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

const PREFIX = '.pillion-git-sync-';
/** Unix socket addresses hold 107 bytes, of which `/.pillion-git-sync-XXXXXX/credentials` takes some. */
const LONGEST_PATH = 70;
/** Proves that the owner lives: process ids repeat in containers, and a volume at /tmp outlives them. */
const ALIVE = 'alive';
/** No socket: still being created, or left by a crash. After this time it is the latter. */
const CREATION_MS = 60_000;

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

function probeSocket(path: string): Promise<'listening' | 'refused' | 'missing'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('listening');
    });
    socket.once('error', (error) => {
      const code = systemErrorCode(error);
      resolve(code === 'ECONNREFUSED' ? 'refused' : code === 'ENOENT' ? 'missing' : 'listening');
    });
  });
}

async function isAbandoned(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  if (status?.isDirectory() !== true || status.uid !== process.getuid?.()) {
    return false;
  }
  const socket = await probeSocket(join(path, ALIVE));
  return socket === 'refused' || (socket === 'missing' && Date.now() - status.mtimeMs > CREATION_MS);
}

/** What a killed process left in the same place: copies of keys, and maybe a header with a token. */
async function removeAbandoned(place: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(PREFIX))) {
    const path = join(place, name);
    if (await isAbandoned(path)) {
      await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function createIn(place: string): Promise<RuntimeDirectory> {
  const path = await mkdtemp(join(place, PREFIX));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    const server = await listen(join(path, ALIVE));
    return {
      path,
      async remove() {
        await new Promise<void>((resolve) => {
          server.close(() => resolve());
        });
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Makes the directory (mode 0700) in the first of the places that can be written: with a read-only root file system
 * and no volume at /tmp, that is the shared memory or the root volume. What killed owners left there is removed.
 */
export async function createRuntimeDirectory(
  places: readonly (string | undefined)[],
): Promise<RuntimeDirectory> {
  let reason: unknown;
  for (const place of places) {
    if (place === undefined || place === '' || Buffer.byteLength(place) > LONGEST_PATH) {
      continue;
    }
    try {
      await removeAbandoned(place);
      return await createIn(place);
    } catch (error) {
      reason = error;
    }
  }
  throw RUNTIME_ERRORS.no_runtime_directory({ why: errorMessage(reason) }, { cause: reason });
}
