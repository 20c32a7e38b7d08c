/**
 * One writer per root. PIDs and host names repeat in containers, so they prove nothing: the owner listens on a
 * Unix socket beside the lock, and the kernel knows whether somebody still does. On a volume that is shared with
 * another machine (another boot id) a socket proves nothing either; there the owner's heartbeat counts.
 */

import { constants, renameSync } from 'node:fs';
import {
  lstat,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { defineErrors, systemErrorCode } from '../../core/errors.ts';
import { randomId } from '../../core/random-id.ts';
import { startInterval } from '../../core/timer.ts';

export const LOCK_ERRORS = defineErrors({
  root_busy: {
    message: ({ root, owner }: { readonly root: string; readonly owner: string }) =>
      `the root ${root} is in use by another git-sync (lock ${owner})`,
    hint: 'give each git-sync a --root of its own, or let the other one finish',
  },
});

const LOCK_NAME = '.pillion-lock';
const HEARTBEAT_MS = 10_000;
/** A lock of another machine whose heart has not beaten for so long is dead. */
const HEARTBEAT_DEAD_MS = 60_000;
const RETRY_MS = 100;

export interface RootLock {
  /** Unique to this ownership; children carry it in their environment. */
  readonly id: string;
  release(): Promise<void>;
}

export interface RootLockInit {
  readonly root: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when somebody else holds the lock and the wait begins. */
  readonly onWait: (owner: string) => void;
  /** Called with the id of an owner that died, before its lock is taken over. */
  readonly onDeadOwner: (id: string) => Promise<void>;
}

async function bootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim().replaceAll('-', '').slice(0, 12) || 'unknown';
}

/** A socket that does not listen yet, or whose maker died at that moment. */
const NASCENT = `${LOCK_NAME}-new-`;
/** How long making a socket may take on a machine that is busy with other things. */
const NASCENT_MS = 5_000;

/** Anybody who may write into the root may name an owner; a name with slashes must not lead out of it. */
const socketName = (id: string) => `${LOCK_NAME}-${id.replaceAll('/', '_')}.sock`;

/** Listening through /proc/self/fd keeps the address short, whatever the length of the root's path. */
async function withShortPath<T>(root: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await use(`/proc/self/fd/${directory.fd}/${name}`);
  } finally {
    await directory.close();
  }
}

/** Listens on the socket, or makes a plain file where the file system has no sockets. */
async function announce(root: string, id: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${id}\n`);
  });
  server.unref();
  try {
    // Nobody listens yet on a socket that was just made: it gets its name when somebody does.
    await withShortPath(root, '', (directory) => {
      return new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ path: directory + NASCENT + id, readableAll: true, writableAll: true }, () => {
          renameSync(directory + NASCENT + id, directory + socketName(id));
          resolve();
        });
      });
    });
    return server;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EPERM' || code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'EINVAL') {
      await writeFile(join(root, socketName(id)), '', { flag: 'wx' });
      return undefined;
    }
    throw error;
  }
}

function somebodyListens(root: string, name: string): Promise<boolean> {
  return withShortPath(root, name, (path) => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(path);
      const settle = (alive: boolean) => {
        socket.destroy();
        resolve(alive);
      };
      socket.setTimeout(2000, () => settle(true));
      socket.once('connect', () => settle(true));
      socket.once('error', (error) =>
        settle(systemErrorCode(error) === 'EACCES' || systemErrorCode(error) === 'EAGAIN'),
      );
    });
  });
}

/** The file system's own idea of now: clocks of two machines may differ, its time stamps do not. */
async function fileSystemNow(root: string, own: string): Promise<number> {
  const path = join(root, socketName(own));
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
  return (await stat(path)).mtimeMs;
}

async function isAlive(root: string, owner: string, own: string): Promise<boolean> {
  const name = socketName(owner);
  const status = await lstat(join(root, name)).catch(() => undefined);
  if (status === undefined) {
    return false;
  }
  const [boot = ''] = owner.split('-');
  if (boot === (await bootId()) && status.isSocket()) {
    return somebodyListens(root, name);
  }
  return (await fileSystemNow(root, own)) - status.mtimeMs < HEARTBEAT_DEAD_MS;
}

async function currentOwner(root: string): Promise<string | undefined> {
  try {
    return await readlink(join(root, LOCK_NAME));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Moves a dead owner's lock away; puts it back if a living one took its place in between. */
async function removeDeadLock(root: string, dead: string, own: string): Promise<void> {
  if ((await currentOwner(root)) !== dead) {
    return;
  }
  const aside = join(root, `${LOCK_NAME}-dead-${own}`);
  try {
    await rename(join(root, LOCK_NAME), aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  const moved = await readlink(aside).catch(() => dead);
  if (moved !== dead) {
    await symlink(moved, join(root, LOCK_NAME)).catch(() => {});
  }
  await rm(aside, { force: true });
  await rm(join(root, socketName(dead)), { force: true });
}

async function removeIfOld(root: string, name: string, own: string): Promise<void> {
  const status = await lstat(join(root, name)).catch(() => undefined);
  if (status !== undefined && (await fileSystemNow(root, own)) - status.mtimeMs > NASCENT_MS) {
    await rm(join(root, name), { force: true }).catch(() => {});
  }
}

/** Sockets and moved-away locks of owners that are gone. */
async function removeLeftovers(root: string, own: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(NASCENT)) {
      await removeIfOld(root, name, own);
      continue;
    }
    const id = /^\.pillion-lock-(?:dead-)?(.+?)(?:\.sock)?$/.exec(name)?.[1];
    if (id !== undefined && id !== own && !(await isAlive(root, id, own))) {
      // What cannot be removed is in nobody's way.
      await rm(join(root, name), { force: true }).catch(() => {});
    }
  }
}

async function tryTake(root: string, id: string): Promise<boolean> {
  try {
    await symlink(id, join(root, LOCK_NAME));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

async function waitTurn(init: RootLockInit, id: string): Promise<void> {
  const { root, clock, signal } = init;
  let told = false;
  while (!(await tryTake(root, id))) {
    const owner = await currentOwner(root);
    if (owner === undefined) {
      continue;
    }
    if (!(await isAlive(root, owner, id))) {
      // Who releases removes the lock first and then the socket: it is dead only if the lock is still there.
      if ((await currentOwner(root)) !== owner) {
        continue;
      }
      await init.onDeadOwner(owner);
      await removeDeadLock(root, owner, id);
      continue;
    }
    if (!told) {
      told = true;
      init.onWait(owner);
    }
    try {
      await clock.sleep(RETRY_MS, signal);
    } catch {
      throw LOCK_ERRORS.root_busy({ root, owner });
    }
  }
}

/**
 * Takes the lock of a root, waiting while another living process holds it.
 * @throws PillionError `root_busy` when the signal aborts the wait.
 */
export async function lockRoot(init: RootLockInit): Promise<RootLock> {
  const { root } = init;
  const id = `${await bootId()}-${randomId()}`;
  const server = await announce(root, id);
  const socket = join(root, socketName(id));
  const close = async () => {
    await rm(socket, { force: true });
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  };
  try {
    await waitTurn(init, id);
    await removeLeftovers(root, id);
  } catch (error) {
    await close();
    throw error;
  }
  const beat = () => {
    const now = new Date();
    utimes(socket, now, now).catch(() => {});
  };
  const heartbeat = startInterval(HEARTBEAT_MS, beat, { keepsAlive: false });
  return {
    id,
    async release() {
      heartbeat.cancel();
      if ((await currentOwner(root).catch(() => undefined)) === id) {
        await rm(join(root, LOCK_NAME), { force: true });
      }
      await close();
    },
  };
}
