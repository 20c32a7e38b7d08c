/**
 * One connection to an SSH server for all that is asked of it, by OpenSSH's own multiplexing (ControlMaster and
 * ControlPath in ssh_config(5)). Making a connection costs more than most questions that are asked over it.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { deferred } from '../../core/deferred.ts';
import { tryRun } from '../../core/exec/run.ts';
import { descriptorPathForChildren } from '../../core/foreign-files/descriptor-path.ts';
import type { Log } from '../../core/log/log.ts';
import { startTimer, type Timer } from '../../core/timer.ts';

/** What ssh calls the socket of a connection: %C is a hash of this host, the server, the port and the user. */
const SOCKET = /^ssh-[0-9a-f]{40}$/;
/** What sockaddr_un takes, less the letters that ssh adds while it makes the socket. */
const LONGEST_PATH = 107 - 18;
const HASH_LENGTH = 40;
const SOCKET_NAME = 'ssh-%C';
/** A server that does not answer for this long is given up; ssh that finds no connection makes its own. */
const CONNECT_MS = 10_000;
const POLL_MS = 5;
/** A connection that has died without a word is noticed after three times this, in seconds. */
const ALIVE_SECONDS = 5;
/** Then it is made again, though it is in use all the time: names move, and a server checks a key when it lets somebody in. */
const LONGEST_LIFE_MS = 600_000;
/** A line of the log is made of it. */
const MAX_OUTPUT_BYTES = 4096;

export interface SshConnectionInit {
  /** A directory that only this user can enter. */
  readonly directory: string;
  /** `[-p PORT] [user@]host`. */
  readonly destination: readonly string[];
  /** It is made when the last use ended no longer ago than this, and kept no longer than this without one. */
  readonly keepMs: number;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface SshUse {
  /** The shell's words that run ssh: the value of GIT_SSH_COMMAND. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the connection is proved by; another one makes a new connection. */
  readonly identity: string;
}

export interface SshConnection {
  /** Words for ssh that make it use the connection where there is one. */
  readonly words: readonly string[];
  /**
   * Called before ssh is used. From the second use in a row on it makes the connection unless it is there; what keeps it
   * from that is no error, since ssh then makes its own and says what is wrong.
   */
  prepare(use: SshUse, signal: AbortSignal): Promise<void>;
  /** Nothing uses it until the next `prepare`. */
  rest(): void;
  /** What went wrong may be the connection's fault: the next use goes without one. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

interface Master {
  readonly identity: string;
  readonly startedAt: number;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  isOver: boolean;
}

/** A script that runs ssh for as long as its standard input is open: not longer than this process, though it be killed. */
const untilInputEnds = (ssh: string): string =>
  `exec 3<&0; ${ssh} "$@" </dev/null 3<&- & ssh=$!; { cat <&3 >/dev/null; kill "$ssh"; } & wait "$ssh"`;

interface SocketPlace {
  readonly path: string;
  close(): void;
}

const fits = (path: string): boolean =>
  path.length + HASH_LENGTH <= LONGEST_PATH && /^[A-Za-z0-9_./+-]+\/ssh-%C$/.test(path);

/** Under the directory's own name, or under that of a descriptor of it, which is short and plain. */
function openPlace(directory: string): SocketPlace | undefined {
  const path = join(directory, SOCKET_NAME);
  if (fits(path)) {
    return { path, close: () => undefined };
  }
  const fd = tryOpen(directory);
  if (fd === undefined) {
    return undefined;
  }
  const held = join(descriptorPathForChildren(fd, directory), SOCKET_NAME);
  let isOpen = true;
  const close = () => {
    if (isOpen) {
      isOpen = false;
      closeSync(fd);
    }
  };
  if (fits(held)) {
    return { path: held, close };
  }
  close();
  return undefined;
}

function tryOpen(directory: string): number | undefined {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
}

/** Undefined where there is no path for the socket that the system and ssh take as it is. */
export function createSshConnection(init: SshConnectionInit): SshConnection | undefined {
  const { directory, destination, keepMs, log, clock = systemClock } = init;
  const place = openPlace(directory);
  if (place === undefined) {
    log.warn('no connection to the SSH server is kept: the path of its socket is too long, or not plain', {
      directory,
    });
    return undefined;
  }
  const { path } = place;
  let master: Master | undefined;
  let restedAt: number | undefined;
  let isBad = false;
  let idle: Timer | undefined;

  async function end(): Promise<void> {
    idle?.cancel();
    const old = master;
    master = undefined;
    old?.abort.abort();
    await old?.ended;
    await removeSockets(directory);
  }

  function start({ command, env, identity }: SshUse): Master {
    const abort = new AbortController();
    // In the foreground, so that it ends with this process, whatever the user's own configuration says.
    const own = [
      'ControlMaster=yes',
      `ControlPath=${path}`,
      'ControlPersist=no',
      `ServerAliveInterval=${ALIVE_SECONDS}`,
      // Of what a client hands over, only this is passed on: without it git speaks version 0, which lists all refs.
      'SendEnv=GIT_PROTOCOL',
    ];
    const words = `${command} -N ${own.map((option) => `-o ${option}`).join(' ')}`;
    const over = deferred<undefined>();
    const run = tryRun('/bin/sh', ['-c', untilInputEnds(words), 'ssh', ...destination], {
      env,
      stdin: () => over.promise,
      signal: abort.signal,
      graceMs: 500,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    const onEnd = ({ stderr }: { readonly stderr: string }) =>
      log.at(4, 'the connection to the SSH server has ended', { said: stderr.trim().slice(-300) });
    const started: Master = {
      identity,
      startedAt: clock.monotonic(),
      abort,
      isOver: false,
      ended: run
        .then(onEnd, () => undefined)
        .finally(() => {
          started.isOver = true;
          over.resolve(undefined);
        }),
    };
    return started;
  }

  /** Waits until ssh has made its socket, which it does once the server has let it in. */
  async function untilReady(made: Master, signal: AbortSignal): Promise<boolean> {
    const limit = clock.monotonic() + CONNECT_MS;
    while (!made.isOver && clock.monotonic() < limit) {
      if ((await readdir(directory)).some((name) => SOCKET.test(name))) {
        return true;
      }
      await clock.sleep(POLL_MS, signal);
    }
    return false;
  }

  async function ensure(use: SshUse, signal: AbortSignal): Promise<void> {
    if (master !== undefined && isGood(master, use)) {
      return;
    }
    await end();
    const fresh = start(use);
    master = fresh;
    let isReady = false;
    try {
      isReady = await untilReady(fresh, signal);
    } finally {
      if (!isReady) {
        await end();
      }
    }
    if (isReady) {
      log.at(4, 'a connection to the SSH server is kept for the next syncs');
    }
  }

  function isGood({ isOver, identity, startedAt }: Master, use: SshUse): boolean {
    return !isOver && identity === use.identity && clock.monotonic() - startedAt < LONGEST_LIFE_MS;
  }

  return {
    words: ['-o', 'ControlMaster=no', '-o', `ControlPath=${path}`],
    async prepare(use, signal) {
      idle?.cancel();
      const isFrequent = !isBad && restedAt !== undefined && clock.monotonic() - restedAt <= keepMs;
      restedAt = undefined;
      isBad = false;
      await (isFrequent ? ensure(use, signal) : end());
    },
    rest() {
      restedAt = clock.monotonic();
      idle?.cancel();
      idle = startTimer(keepMs, () => void end().catch(() => undefined), { keepsAlive: false });
    },
    async drop() {
      isBad = true;
      await end();
    },
    async close() {
      try {
        await end();
      } finally {
        place.close();
      }
    },
  };
}

/** What a connection that was killed leaves behind. */
async function removeSockets(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  await Promise.all(
    names.filter((name) => SOCKET.test(name)).map((name) => rm(join(directory, name), { force: true })),
  );
}
