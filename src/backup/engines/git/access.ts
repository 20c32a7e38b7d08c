/** Git, ready to talk to the repository, for the time of one call. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { timeoutSignal } from '../../../core/timer.ts';
import { prepareAuthentication } from '../../../git/auth/authentication.ts';
import { settingsSource } from '../../../git/auth/sources/settings.ts';
import { createGit, type Git } from '../../../git/run.ts';
import type { Credential, GitSettings } from '../../../git/settings.ts';
import type { EngineContext, PushRacePolicy } from '../../model.ts';
import { quietLog } from '../quiet-log.ts';

export interface GitEngineSettings {
  /** As git takes it; http(s) may have a user and a password. */
  readonly url: string;
  readonly branch: string;
  /** For messages. */
  readonly shown: string;
  /** For http(s), when the address has none. */
  readonly password?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** Authorities to trust for https, besides the system's. */
  readonly cacert?: string | undefined;
  readonly sshKeyFiles: readonly string[];
  readonly sshKnownHostsFile: string;
  readonly callTimeoutMs: number;
  /** Files that look like keys and passwords are stored as well. */
  readonly allowSecrets?: boolean | undefined;
  /** Default: fail. */
  readonly onPushRace?: PushRacePolicy | undefined;
  readonly program?: string | undefined;
}

export interface GitAccess {
  readonly settings: GitEngineSettings;
  readonly context: EngineContext;
  /** Without a password. */
  readonly url: string;
  readonly ref: string;
  /** Runs git in a bare repository, or anywhere when there is none. A failure is explained. */
  run(args: readonly string[], call: AccessCall): Promise<string>;
  /** The same for a question that has an answer soon. */
  ask(args: readonly string[], call: AccessCall): Promise<string>;
  /** A directory of this repository's own in the work directory. */
  readonly workDir: string;
}

export interface AccessCall {
  readonly gitDir?: string | undefined;
  readonly signal: AbortSignal;
  readonly stdin?: Parameters<Git['run']>[1]['stdin'];
  readonly onStdout?: (chunk: Buffer) => void | Promise<void>;
  /** More than every call has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The user and the password of an address are no part of what git is told. */
export function separateCredential({
  url,
  password = '',
  passwordFile = '',
}: Pick<GitEngineSettings, 'url' | 'password' | 'passwordFile'>): {
  readonly url: string;
  readonly credentials: readonly Credential[];
} {
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    return { url, credentials: [] };
  }
  const parsed = new URL(url);
  const username = decodeURIComponent(parsed.username);
  const own = decodeURIComponent(parsed.password);
  parsed.username = '';
  parsed.password = '';
  const plain = parsed.href;
  if (own !== '' || password !== '') {
    return {
      url: plain,
      credentials: [{ url: plain, username: username || 'git', password: own || password }],
    };
  }
  return {
    url: plain,
    credentials: passwordFile === '' ? [] : [{ url: plain, username: username || 'git', passwordFile }],
  };
}

/** A connection that says nothing for so long is given up. */
const ssh = (timeoutMs: number) => {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 4000));
  return `ssh -o ConnectTimeout=${seconds * 4} -o ServerAliveInterval=${seconds} -o ServerAliveCountMax=3`;
};

function gitSettings(
  settings: GitEngineSettings,
  url: string,
  credentials: readonly Credential[],
): GitSettings {
  const stalled = String(Math.max(1, Math.ceil(settings.callTimeoutMs / 1000)));
  return {
    repo: url,
    submodules: 'off',
    credentials,
    ssh: {
      keyFiles: settings.sshKeyFiles,
      knownHosts: settings.sshKnownHostsFile !== '',
      knownHostsFile: settings.sshKnownHostsFile,
    },
    gitConfig: [
      { key: 'http.lowSpeedLimit', value: '1' },
      { key: 'http.lowSpeedTime', value: stalled },
      ...((settings.cacert ?? '') === '' ? [] : [{ key: 'http.sslCAInfo', value: settings.cacert ?? '' }]),
      { key: 'gc.auto', value: '0' },
      { key: 'maintenance.auto', value: 'false' },
      { key: 'protocol.file.allow', value: 'always' },
    ],
    fsck: false,
    verbosity: 0,
  };
}

/** @throws what the preparation or the work throws */
export async function withGit<T>(
  settings: GitEngineSettings,
  context: EngineContext,
  signal: AbortSignal,
  use: (access: GitAccess) => Promise<T>,
): Promise<T> {
  const { url, credentials } = separateCredential(settings);
  const name = createHash('sha256').update(`${url}#${settings.branch}`).digest('hex').slice(0, 16);
  const workDir = join(context.workDir, `git-${name}`);
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  const log = quietLog(context.warn);
  const secret = (value: string) => context.secret('git', value);
  const authentication = await prepareAuthentication({
    settings: gitSettings(settings, url, credentials),
    sources: [settingsSource],
    secrets: {
      add: secret,
      addWord: secret,
      addRotating: (_, value) => secret(value),
      redact: (text) => text,
    },
    log,
    env: { ...context.env, GIT_SSH_COMMAND: context.env['GIT_SSH_COMMAND'] ?? ssh(settings.callTimeoutMs) },
    home: workDir,
    root: workDir,
    now: context.now,
    onRequest: () => {},
  });
  try {
    await authentication.refresh(signal);
    const git = createGit({
      program: settings.program ?? 'git',
      log,
      env: () => authentication.gitEnvironment(),
    });
    const run = async (args: readonly string[], { gitDir, env, ...call }: AccessCall): Promise<string> => {
      const place = gitDir === undefined ? {} : { GIT_DIR: gitDir };
      try {
        return await git.run(args, { cwd: workDir, ...call, env: { ...place, ...env } });
      } catch (error) {
        signal.throwIfAborted();
        throw await authentication.explain(error);
      }
    };
    return await use({
      settings,
      context,
      url,
      ref: `refs/heads/${settings.branch}`,
      workDir,
      run,
      ask: (args, call) =>
        run(args, { ...call, signal: AbortSignal.any([call.signal, timeoutSignal(settings.callTimeoutMs)]) }),
    });
  } finally {
    await authentication.close();
  }
}
