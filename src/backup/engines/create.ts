/** The engine of a repository. Each is loaded when it is wanted. */
import { usageError } from '../../core/errors.ts';
import type { Engine, EngineContext, PushRacePolicy } from '../model.ts';
import type { ReachValues } from '../options/backup.ts';
import { parseRepository, type RepositoryAddress } from '../repository.ts';
import type { GitEngineSettings } from './git/engine.ts';

/** What of the options an engine may need. */
export type EngineValues = Pick<
  ReachValues,
  | 'repository'
  | 'passwordFile'
  | 'password'
  | 'cacert'
  | 'limitUpload'
  | 'limitDownload'
  | 'resticOption'
  | 'sshKeyFile'
  | 'sshKnownHostsFile'
  | 'callTimeout'
  | 'cacheLimit'
> & { readonly retryLock?: number; readonly gitAllowSecrets?: boolean; readonly onPushRace?: PushRacePolicy };

export async function createEngine(values: EngineValues, context: EngineContext): Promise<Engine> {
  const address = parseRepository(values.repository);
  switch (address.kind) {
    case 'restic':
      return createRestic(address, values, context);
    case 'dir': {
      const { createDirEngine } = await import('./dir/engine.ts');
      return createDirEngine(address.path, context);
    }
    default: {
      const { createGitEngine } = await import('./git/engine.ts');
      return createGitEngine(gitSettings(address, values), context);
    }
  }
}

function gitSettings(
  { url, branch, shown }: RepositoryAddress & { readonly kind: 'git' },
  values: EngineValues,
): GitEngineSettings {
  const { password, passwordFile, sshKeyFile, sshKnownHostsFile, callTimeout, cacert } = values;
  return {
    url,
    branch,
    shown,
    password,
    passwordFile,
    cacert,
    sshKeyFiles: sshKeyFile,
    sshKnownHostsFile,
    callTimeoutMs: callTimeout,
    allowSecrets: values.gitAllowSecrets === true,
    onPushRace: values.onPushRace ?? 'fail',
  };
}

async function createRestic(
  address: RepositoryAddress & { readonly kind: 'restic' },
  values: EngineValues,
  context: EngineContext,
): Promise<Engine> {
  const { passwordFile, password, cacert, limitUpload, limitDownload, callTimeout, retryLock = 0 } = values;
  if (passwordFile === '' && password === '') {
    throw usageError('there is no password for the repository', '--password-file FILE, or RESTIC_PASSWORD');
  }
  const { createResticEngine } = await import('./restic/engine.ts');
  const settings = {
    location: address.location,
    shownLocation: address.shown,
    passwordFile,
    password,
    cacert,
    limitUpload,
    limitDownload,
    options: values.resticOption,
    sshKeyFiles: values.sshKeyFile,
    sshKnownHostsFile: values.sshKnownHostsFile,
    callTimeoutMs: callTimeout,
    retryLockMs: retryLock,
    cacheLimitBytes: values.cacheLimit,
  };
  return createResticEngine(settings, context);
}
