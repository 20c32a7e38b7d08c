/** The engine of a repository. Each is loaded when it is wanted. */
import { usageError } from '../../core/errors.ts';
import type { Engine, EngineContext } from '../model.ts';
import type { ReachValues } from '../options/backup.ts';
import { parseRepository, type RepositoryAddress } from '../repository.ts';

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
> & { readonly retryLock?: number };

export async function createEngine(values: EngineValues, context: EngineContext): Promise<Engine> {
  const address = parseRepository(values.repository);
  switch (address.kind) {
    case 'restic':
      return createRestic(address, values, context);
    case 'dir': {
      const { createDirEngine } = await import('./dir/engine.ts');
      return createDirEngine(address.path, context);
    }
    default:
      throw usageError('git is no engine of this version', 'take a repository of restic');
  }
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
  };
  return createResticEngine(settings, context);
}
