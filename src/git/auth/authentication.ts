/** Everything git needs to prove who it is, prepared once and refreshed before each sync. */
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { CommandContext } from '../../core/command.ts';
import { PillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import type { Lifecycle } from '../../core/process/lifecycle.ts';
import {
  discoveryLimits,
  gitVariables,
  inheritedEnvironment,
  OWNER_VARIABLE,
  protectiveVariables,
  writeGitConfig,
  writeProtectiveConfig,
} from '../environment.ts';
import { createRuntimeDirectory } from '../runtime-directory.ts';
import type { GitSettings } from '../settings.ts';
import { addUser, userEnvironment } from '../user.ts';
import { startCredentialServer } from './socket.ts';
import { mayUseSsh, prepareKeys, sshCommand } from './ssh.ts';
import { createCredentialStore } from './store.ts';

export interface AuthenticationInit {
  readonly settings: GitSettings;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly context: CommandContext;
  readonly root: string;
  readonly clock: Clock;
  readonly onAskpass: (status: 'success' | 'error') => void;
  readonly onAppToken: (status: 'success' | 'error') => void;
  readonly lifecycle: Lifecycle;
}

export interface Authentication {
  /** The whole environment of git. */
  gitEnvironment(): Readonly<Record<string, string>>;
  /** What hooks get on top of theirs, so that git works in them too. */
  hookVariables(): Readonly<Record<string, string>>;
  refresh(signal: AbortSignal): Promise<void>;
  authorization(url: string): string | undefined;
  setOwner(id: string): void;
  /** A directory that only this process uses. */
  readonly privatePath: string;
}

function hasCredentials(settings: GitSettings): boolean {
  return settings.credentials.length > 0 || settings.askpassUrl !== '' || settings.githubApp !== undefined;
}

/** Files that must be there at the start; what is only read later is checked when it is read. */
async function requireFiles(settings: GitSettings): Promise<void> {
  const cookie =
    settings.cookieFile === undefined ? [] : [{ path: settings.cookieFile, why: 'the cookie file' }];
  for (const { path, why } of [...cookie, ...(settings.mustExist ?? [])]) {
    try {
      await access(path);
    } catch (error) {
      throw new PillionError({
        code: 'file_missing',
        message: `cannot read ${path} (${why})`,
        hint: 'check that the Secret is mounted there and has this key, and that this user may read it (fsGroup, defaultMode)',
        cause: error,
      });
    }
  }
}

export async function prepareAuthentication(init: AuthenticationInit): Promise<Authentication> {
  const { settings, log, context, root, lifecycle } = init;
  const home = context.env.HOME ?? context.cwd;
  await requireFiles(settings);
  const runtime = await createRuntimeDirectory([tmpdir(), '/tmp', '/dev/shm', root]);
  lifecycle.onShutdown('runtime directory', () => runtime.remove());
  if (settings.addUser) {
    await addUser(home, log);
  }
  const user = await userEnvironment(runtime.path, home, log);
  const store = createCredentialStore({
    settings,
    secrets: init.secrets,
    log,
    now: () => init.clock.now(),
    env: context.env,
    onAskpass: init.onAskpass,
    onAppToken: init.onAppToken,
  });
  let credentialSocket: string | undefined;
  if (hasCredentials(settings)) {
    const server = await startCredentialServer(join(runtime.path, 'credentials'), () => store.current());
    credentialSocket = server.path;
    lifecycle.onShutdown('credential socket', () => server.close());
  }
  const files = { settings, runtimePath: runtime.path, credentialSocket };
  const configPath = await writeGitConfig(files);
  const fixed = {
    ...inheritedEnvironment(context.env),
    ...protectiveVariables(await writeProtectiveConfig(files), context.env),
    ...discoveryLimits(root),
  };
  let keyFiles: readonly string[] = settings.ssh.keyFiles;
  let owner = '';
  const variables = () => {
    const base = context.env.GIT_SSH_COMMAND;
    const ssh = settings.ssh.plain ? base : sshCommand({ settings, base, keyFiles });
    return { ...gitVariables(configPath, ssh), ...user };
  };
  return {
    gitEnvironment: () => ({ ...fixed, ...variables(), [OWNER_VARIABLE]: owner }),
    hookVariables: variables,
    async refresh(signal) {
      await store.refresh(signal);
      if (!settings.ssh.plain && mayUseSsh(settings)) {
        keyFiles = await prepareKeys(settings, runtime.path, log);
      }
    },
    authorization: (url) => store.authorization(url),
    setOwner(id) {
      owner = id;
    },
    privatePath: runtime.path,
  };
}
