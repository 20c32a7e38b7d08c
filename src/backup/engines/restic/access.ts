/** How restic reaches its repository: settings, and the arguments that every call has for it. */
import { join } from 'node:path';

export interface ResticSettings {
  /** As restic takes it. */
  readonly location: string;
  /** Without secrets. */
  readonly shownLocation: string;
  readonly passwordFile: string;
  readonly password: string;
  readonly cacert: string;
  readonly limitUpload: number;
  readonly limitDownload: number;
  /** KEY=VALUE of `-o`. */
  readonly options: readonly string[];
  readonly sshKeyFiles: readonly string[];
  readonly sshKnownHostsFile: string;
  /** For what the repository has to answer soon. */
  readonly callTimeoutMs: number;
  /** How long to wait for a lock of another writer. */
  readonly retryLockMs: number;
  /** What may be kept of the repository between two pieces of work. */
  readonly cacheLimitBytes: number;
}

export function accessArguments(settings: ResticSettings, workDir: string): readonly string[] {
  const { cacert, limitUpload, limitDownload, options, location, callTimeoutMs } = settings;
  return [
    // Its own limit for a request in which nothing moves is five minutes.
    '--stuck-request-timeout',
    `${Math.ceil(callTimeoutMs / 1000)}s`,
    ...(cacert === '' ? [] : ['--cacert', cacert]),
    ...(limitUpload === 0 ? [] : ['--limit-upload', String(limitUpload)]),
    ...(limitDownload === 0 ? [] : ['--limit-download', String(limitDownload)]),
    ...options.flatMap((option) => ['-o', option]),
    ...(location.startsWith('sftp:') ? ['-o', `sftp.args=${sshArguments(settings, workDir)}`] : []),
  ];
}

/** restic splits them as a shell would. */
function sshArguments({ sshKeyFiles, sshKnownHostsFile }: ResticSettings, workDir: string): string {
  const known =
    sshKnownHostsFile === ''
      ? ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
      : ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${sshKnownHostsFile}`];
  const keys = sshKeyFiles.flatMap((_, index) => ['-i', keyCopy(workDir, index)]);
  // Warnings would be taken for the reason of a failure.
  const quiet = ['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'LogLevel=ERROR'];
  const all = [...quiet, ...known, ...keys];
  return all.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
}

/** ssh refuses keys that a group can read, which is how Kubernetes mounts them: it gets copies. */
export const keyCopy = (workDir: string, index: number): string => join(workDir, `ssh-key-${index}`);
