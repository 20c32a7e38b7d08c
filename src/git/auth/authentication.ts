/** Everything git needs to prove who it is, prepared once and refreshed before each use of the remote. */
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createRuntimeDirectory,
  type RuntimeDirectory,
  type RuntimePlace,
} from '../../core/lock/runtime-directory.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import { type GitFilesInit, writeGitConfig, writeProtectiveConfig } from '../configuration.ts';
import { discoveryLimits, gitVariables, inheritedEnvironment, protectiveVariables } from '../environment.ts';
import { GIT_ERRORS } from '../errors.ts';
import type { GitSettings } from '../settings.ts';
import { userEnvironment } from '../user.ts';
import { startCredentialServer } from './socket.ts';
import type { SourceSettings } from './sources/all.ts';
import type { MakeSource, SourceInit } from './sources/source.ts';
import { explainRefusal, mayUseSsh, prepareKeys, sshCommand } from './ssh.ts';
import { createSshConnection, type SshConnection } from './ssh-connection.ts';
import { sshDestination } from './ssh-destination.ts';
import { createCredentialStore } from './store.ts';

export interface AuthenticationInit extends Omit<SourceInit, 'settings'> {
  readonly settings: GitSettings;
  /** Those that the settings may ask for: a program holds no more than it can be configured with. */
  readonly sources: readonly MakeSource<SourceSettings>[];
  readonly secrets: Secrets;
  /** Home directory for a user without a passwd entry. */
  readonly home: string;
  /** Where git works; absolute. Git looks for no repository above it. */
  readonly root: string;
}

export interface Authentication {
  /** The whole environment of git. */
  gitEnvironment(): Readonly<Record<string, string>>;
  /** What a program needs on top of its own environment so that git works in it too. */
  hookVariables(): Readonly<Record<string, string>>;
  /** Loads credentials and keys again, since they are rotated. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Nothing is asked of the remote until the next `refresh`. */
  rest(): void;
  /** A failure of git, with what is known here of its reason. */
  explain(error: unknown): Promise<unknown>;
  /** The Authorization header for a URL, or undefined. */
  authorization(url: string): string | undefined;
  /** A directory that only this user can enter; gone after `close`. */
  readonly privatePath: string;
  close(): Promise<void>;
}

/** The variables that stay the same as long as the process runs. */
async function fixedVariables(init: AuthenticationInit, files: GitFilesInit) {
  return {
    ...inheritedEnvironment(init.env),
    ...protectiveVariables(await writeProtectiveConfig(files), init.env),
    ...discoveryLimits(init.root),
  };
}

/** None with a GIT_SSH_COMMAND of the user's own: nobody knows what it does with a second connection. */
function openConnection(
  directory: string,
  { settings, env, log }: AuthenticationInit,
): SshConnection | undefined {
  const { plain, keepMs = 0 } = settings.ssh;
  const destination = plain || env.GIT_SSH_COMMAND ? undefined : sshDestination(settings.repo);
  return destination === undefined || keepMs === 0
    ? undefined
    : createSshConnection({ directory, destination, keepMs, log });
}

/** Changes when one of the files does: a key that was replaced must not be good for any longer. */
async function stateOf(paths: readonly string[]): Promise<string> {
  const states = paths.map(async (path) => {
    const status = await stat(path).catch(() => undefined);
    return status === undefined ? '-' : `${status.ino}:${status.size}:${status.mtimeMs}`;
  });
  return (await Promise.all(states)).join(' ');
}

async function authenticateFrom(
  runtime: RuntimeDirectory,
  init: AuthenticationInit,
): Promise<Authentication> {
  const { settings, log, env } = init;
  const sources = init.sources.flatMap((make) => make(init) ?? []);
  const store = createCredentialStore(sources, init.secrets, settings.credentialScope);
  const credentialSocket = sources.length === 0 ? undefined : join(runtime.path, 'credentials');
  const files = { settings, runtimePath: runtime.path, credentialSocket };
  const user = await userEnvironment(runtime.path, init.home, log);
  const configPath = await writeGitConfig(files);
  const fixed = await fixedVariables(init, files);
  const server =
    credentialSocket === undefined ? undefined : await startCredentialServer(credentialSocket, store.find);
  let keyFiles: readonly string[] = settings.ssh.keyFiles;
  let forgottenAt = Number.NEGATIVE_INFINITY;
  const connection = openConnection(runtime.path, init);
  const variables = () => {
    const base = env.GIT_SSH_COMMAND;
    const more = connection?.words;
    const ssh = settings.ssh.plain ? base : sshCommand({ settings, base, keyFiles, more });
    return { ...gitVariables(configPath, ssh), ...user };
  };
  return {
    gitEnvironment: () => ({ ...fixed, ...variables() }),
    hookVariables: variables,
    async refresh(signal) {
      await store.refresh(signal);
      if (!settings.ssh.plain && mayUseSsh(settings)) {
        keyFiles = await prepareKeys(settings, runtime.path, log);
      }
      if (connection !== undefined) {
        const command = sshCommand({ settings, base: undefined, keyFiles });
        const identity = `${command} ${await stateOf([...keyFiles, settings.ssh.knownHostsFile])}`;
        await connection.prepare({ command, env: { ...fixed, ...user }, identity }, signal);
      }
    },
    rest: () => connection?.rest(),
    async explain(error) {
      await connection?.drop();
      if (isRefusal(error) && init.now() - forgottenAt >= FORGET_EVERY_MS) {
        forgottenAt = init.now();
        store.forget();
      }
      return settings.ssh.plain ? error : explainRefusal(error, settings);
    },
    authorization: (url) => store.authorization(url),
    privatePath: runtime.path,
    async close() {
      await connection?.close();
      await server?.close();
      await runtime.remove();
    },
  };
}

/** What gives out tokens is not asked at each poll of a repository that stays closed. */
const FORGET_EVERY_MS = 30_000;

/** A server that does not let somebody see a repository says that there is none. */
const isRefusal = (error: unknown) =>
  GIT_ERRORS.auth_failed.matches(error) || GIT_ERRORS.repository_not_found.matches(error);

const SHARED_MEMORY = '/dev/shm';

/** With a read-only root file system and no volume at /tmp, only what others see can be written. */
function placesFor(root: string): RuntimePlace[] {
  const isBelow = (path: string, top: string) => path === top || path.startsWith(`${top}/`);
  const sharedWith = (path: string) => {
    if (isBelow(path, root)) {
      return 'all that mount the volume of the root';
    }
    return isBelow(path, SHARED_MEMORY) ? 'all containers of the pod' : undefined;
  };
  return [tmpdir(), '/tmp', SHARED_MEMORY, root].map((path) => ({ path, sharedWith: sharedWith(path) }));
}

/** @throws `no_runtime_directory` or `git_config_invalid` when the settings cannot work. */
export async function prepareAuthentication(init: AuthenticationInit): Promise<Authentication> {
  const runtime = await createRuntimeDirectory('git-sync', placesFor(init.root));
  if (runtime.sharedWith !== undefined) {
    init.log.warn('private files are kept where others can read them: mount an emptyDir at /tmp', {
      place: dirname(runtime.path),
      sharedWith: runtime.sharedWith,
      exposed: "the socket that gives git its credentials, git's configuration, copies of SSH keys",
    });
  }
  try {
    return await authenticateFrom(runtime, init);
  } catch (error) {
    await runtime.remove();
    throw error;
  }
}
