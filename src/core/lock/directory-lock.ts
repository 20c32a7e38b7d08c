/**
 * One owner per directory. The owner listens on a Unix socket next to the lock, and the kernel knows whether a process
 * still does. On a volume that is shared with another machine (another boot id) a socket proves nothing; there the
 * owner's heartbeat counts.
 */
import { chmodSync, renameSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { systemErrorCode } from '../errors.ts';
import { type ForeignDirectory, openForeignRoot } from '../foreign-files/directory.ts';
import { withinDeadline } from '../process/deadline.ts';
import { randomId } from '../random-id.ts';
import { startInterval, timeoutSignal } from '../timer.ts';
import { type AliveSocket, listenAlive } from './alive-socket.ts';
import {
  isOwnerAlive,
  LOCK_NAME,
  PENDING_PREFIX,
  readBootId,
  removeDeadFiles,
  removeFalseLock,
  socketName,
} from './lock-files.ts';
import { takeOver } from './succession.ts';

const HEARTBEAT_MS = 10_000;
const RETRY_MS = 100;
/** A lock that is free or dead is tried again at once, but not for ever: others may be faster each time. */
const TRIES_AT_ONCE = 10;
/** How long a release may take on a file system that hangs; after that the lock is only dead, not removed. */
const RELEASE_MS = 2_000;
/** Where there are no sockets, a file with a heartbeat has to do. */
const NO_SOCKETS = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL']);

export interface DirectoryLock {
  /** Unique to this ownership; children carry it in their environment. */
  readonly id: string;
  /** Never rejects, and ends within some seconds whatever hangs. */
  release(): Promise<void>;
}

export interface DirectoryLockInit {
  /** The directory itself is trusted to be the right one; what is in it is not. */
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The error when the signal ends the wait for a living owner. */
  readonly busy: (owner: string) => Error;
  /** Called once when somebody else holds the lock and the wait begins. */
  readonly onWait: (owner: string) => void;
  /** Called with the id of an owner that died, before its lock is taken over. */
  readonly onDeadOwner: (id: string) => Promise<void>;
}

/**
 * Takes the lock of a directory, waiting while another living process holds it.
 * @throws what `busy` returns when the signal aborts the wait for an owner; the signal's reason before; PillionError
 * when the directory cannot be written
 */
export async function lockDirectory(init: DirectoryLockInit): Promise<DirectoryLock> {
  const directory = await openForeignRoot(init.path, init.signal);
  const id = `${await readBootId()}-${randomId()}`;
  let socket: AliveSocket | undefined;
  try {
    socket = await listenOnLockSocket(directory, id);
    await acquire(init, directory, id);
    await removeDeadFiles(directory, id);
    return heldLock(directory, id, socket);
  } catch (error) {
    await removeOwnLock(directory.guardedBy(timeoutSignal(RELEASE_MS)), id).catch(() => {});
    await withdraw(directory, id, socket);
    throw error;
  }
}

/**
 * Nobody listens yet on a socket that was just made: it gets its name when somebody does. Without a wait in between: a
 * process killed there would leave what looks for seconds like a socket that is being made.
 */
function giveName(pending: string, name: string): void {
  try {
    chmodSync(pending, 0o600);
  } catch {
    // Not on every file system.
  }
  renameSync(pending, name);
}

/** Listens on a socket, or makes a plain file where the file system has no sockets. */
async function listenOnLockSocket(directory: ForeignDirectory, id: string): Promise<AliveSocket | undefined> {
  const pending = PENDING_PREFIX + id;
  try {
    const socket = await listenAlive(`${directory.path}/${pending}`);
    giveName(`${directory.path}/${pending}`, `${directory.path}/${socketName(id)}`);
    return socket;
  } catch (error) {
    if (NO_SOCKETS.has(systemErrorCode(error) ?? '')) {
      await directory.touch(socketName(id), 0o600);
      return undefined;
    }
    throw error;
  }
}

/** An abort that comes while the link is made waits for it, as long as a release may take: or nobody would remove it. */
async function makeLock(directory: ForeignDirectory, id: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const patient = directory.guardedBy(new AbortController().signal);
  let isMade = false;
  const make = async () => {
    isMade = await patient.makeSymlink(LOCK_NAME, id);
  };
  await withinDeadline(make, signal, RELEASE_MS);
  signal.throwIfAborted();
  return isMade;
}

async function acquire(init: DirectoryLockInit, directory: ForeignDirectory, id: string): Promise<void> {
  let waitedFor: string | undefined;
  try {
    for (let tries = 1; !(await makeLock(directory, id, init.signal)); tries += 1) {
      const owner = await directory.readlink(LOCK_NAME);
      if (owner === id) {
        return;
      }
      const isAlive = owner !== undefined && (await isOwnerAlive(directory, owner, id));
      if (isAlive && waitedFor === undefined) {
        init.onWait(owner);
      }
      waitedFor = isAlive ? owner : waitedFor;
      if (isAlive || tries % TRIES_AT_ONCE === 0) {
        await init.clock.sleep(RETRY_MS, init.signal);
      } else {
        await clearDead(init, directory, owner, id);
      }
    }
  } catch (error) {
    throw init.signal.aborted && waitedFor !== undefined ? init.busy(waitedFor) : error;
  }
}

/** Who releases removes the lock first and then the socket: an owner is dead only if the lock is still there. */
async function clearDead(
  init: DirectoryLockInit,
  directory: ForeignDirectory,
  owner: string | undefined,
  id: string,
): Promise<void> {
  if (owner === undefined) {
    await removeFalseLock(directory, id);
  } else if ((await directory.readlink(LOCK_NAME)) === owner) {
    await takeOver({ directory, id, onDeadOwner: init.onDeadOwner }, owner);
  }
}

function heldLock(directory: ForeignDirectory, id: string, socket: AliveSocket | undefined): DirectoryLock {
  let isBeating = false;
  const beat = async (): Promise<void> => {
    if (!isBeating) {
      isBeating = true; // on a file system that hangs, beats must not pile up
      const guarded = directory.guardedBy(timeoutSignal(HEARTBEAT_MS));
      await guarded.utimes(socketName(id), new Date()).catch(() => {});
      isBeating = false;
    }
  };
  const heartbeat = startInterval(HEARTBEAT_MS, () => void beat(), { keepsAlive: false });
  return {
    id,
    async release() {
      heartbeat.cancel();
      await removeOwnLock(directory.guardedBy(timeoutSignal(RELEASE_MS)), id).catch(() => {});
      await withdraw(directory, id, socket);
    },
  };
}

async function removeOwnLock(directory: ForeignDirectory, id: string): Promise<void> {
  if ((await directory.readlink(LOCK_NAME)) === id) {
    await directory.remove(LOCK_NAME);
  }
}

/** Whatever fails here: nobody listens any more, so others take over. */
async function withdraw(
  directory: ForeignDirectory,
  id: string,
  socket: AliveSocket | undefined,
): Promise<void> {
  socket?.close();
  const guarded = directory.guardedBy(timeoutSignal(RELEASE_MS));
  await guarded.remove(socketName(id)).catch(() => {});
  await guarded.remove(PENDING_PREFIX + id).catch(() => {});
  await directory.close();
}
