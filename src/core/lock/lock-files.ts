/** The entries that a lock leaves in a directory, which anybody who can write there can make as well. */
import { readFile } from 'node:fs/promises';
import { isPillionError } from '../errors.ts';
import type { ForeignDirectory } from '../foreign-files/directory.ts';
import { probeAlive } from './alive-socket.ts';

/** A symbolic link whose target is the owner's id, because making one is atomic everywhere. */
export const LOCK_NAME = '.pillion-lock';
/** A socket that does not listen yet, or whose maker died at that moment. */
export const PENDING_PREFIX = `${LOCK_NAME}-new-`;
/** A successor's lock before it is in place. */
export const DEAD_PREFIX = `${LOCK_NAME}-dead-`;
/** A claim to the succession of a dead owner: a link that names the claimant. */
export const CLAIM_PREFIX = `${LOCK_NAME}-after-`;

/** A lock of another machine whose heart has not beaten for so long is dead, in milliseconds. */
const HEARTBEAT_DEAD_MS = 60_000;
/** How long making a socket may take on a machine that is busy with other things, in milliseconds. */
const PENDING_MS = 5_000;
const OWN_ENTRY = /^\.pillion-lock-(?:dead-)?(.+?)(?:\.sock)?$/;

/** A name with slashes must not lead out of the directory. */
export const socketName = (id: string) => `${LOCK_NAME}-${id.replaceAll('/', '_')}.sock`;

/** The same for all containers of a machine, another after each start of it. */
export async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim().replaceAll('-', '').slice(0, 12) || 'unknown';
}

/** The file system's own idea of now: clocks of two machines may differ, its time stamps do not. */
async function fileSystemNow(directory: ForeignDirectory, own: string): Promise<number> {
  await directory.utimes(socketName(own), new Date());
  return (await directory.stat(socketName(own)))?.mtimeMs ?? Date.now();
}

/**
 * Whether the owner of a lock lives. Its socket tells on the same machine; on another one, and for another user, whose
 * socket is private, its heartbeat does.
 */
export async function isOwnerAlive(
  directory: ForeignDirectory,
  owner: string,
  own: string,
): Promise<boolean> {
  const name = socketName(owner);
  const status = await directory.stat(name).catch(() => undefined); // a name that cannot be one
  if (status === undefined) {
    return false;
  }
  const [boot = ''] = owner.split('-');
  if (boot === (await readBootId()) && status.isSocket()) {
    const liveness = await probeAlive(`${directory.path}/${name}`);
    if (liveness !== 'denied') {
      return liveness === 'alive';
    }
  }
  return (await fileSystemNow(directory, own)) - status.mtimeMs < HEARTBEAT_DEAD_MS;
}

/**
 * Makes room where something stands in the place of the lock that is none: a file, a FIFO, a socket are removed, a
 * directory is only moved, should somebody miss what is in it.
 */
export async function removeFalseLock(directory: ForeignDirectory, own: string): Promise<void> {
  const status = await directory.stat(LOCK_NAME);
  if (status === undefined || status.isSymbolicLink()) {
    return;
  }
  const aside = `${LOCK_NAME}.not-a-lock-${own}`;
  if ((await moveAside(directory, aside)) && (await directory.readlink(aside)) !== undefined) {
    await directory.rename(aside, directory, LOCK_NAME); // a lock was taken meanwhile
  } else if ((await directory.stat(aside))?.isDirectory() === false) {
    await directory.remove(aside);
  }
}

async function moveAside(directory: ForeignDirectory, aside: string): Promise<boolean> {
  try {
    await directory.rename(LOCK_NAME, directory, aside);
    return true;
  } catch (error) {
    if (isPillionError(error) && error.facts['systemCode'] === 'ENOENT') {
      return false; // somebody was faster
    }
    throw error;
  }
}

/** Sockets and moved-away locks of owners that are gone. What cannot be removed is in nobody's way. */
export async function removeDeadFiles(directory: ForeignDirectory, own: string): Promise<void> {
  for (const { name } of await directory.list()) {
    if (!name.startsWith(`${LOCK_NAME}-`)) {
      continue;
    }
    if (await isGone(directory, name, own)) {
      await directory.remove(name).catch(() => {});
    }
  }
}

async function isGone(directory: ForeignDirectory, name: string, own: string): Promise<boolean> {
  if (name.startsWith(PENDING_PREFIX)) {
    return isOld(directory, name, own);
  }
  const isClaim = name.startsWith(CLAIM_PREFIX);
  const id = isClaim ? ((await directory.readlink(name)) ?? '') : OWN_ENTRY.exec(name)?.[1];
  return id !== undefined && id !== own && !(await isOwnerAlive(directory, id, own));
}

async function isOld(directory: ForeignDirectory, name: string, own: string): Promise<boolean> {
  const status = await directory.stat(name);
  return status !== undefined && (await fileSystemNow(directory, own)) - status.mtimeMs > PENDING_MS;
}
