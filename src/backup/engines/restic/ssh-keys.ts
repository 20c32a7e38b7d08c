/** Copies of SSH keys that ssh takes: Kubernetes mounts them so that a group can read them, which ssh refuses. */
import { mkdir } from 'node:fs/promises';
import { readText, writeFileAtomic } from '../../../core/files.ts';
import { faultOfKeyFile } from '../../../git/auth/ssh.ts';
import { MAX_KEY_BYTES, mendKey } from '../../../git/auth/ssh-key.ts';
import type { UnknownReason } from '../../model.ts';
import { keyCopy, type ResticSettings } from './access.ts';

/** Made again at each use, since keys are rotated. Says what is wrong with one that ssh would not take. */
export async function copyKeys(
  { sshKeyFiles, location }: Pick<ResticSettings, 'sshKeyFiles' | 'location'>,
  workDir: string,
): Promise<UnknownReason | undefined> {
  if (!location.startsWith('sftp:')) {
    return undefined;
  }
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  for (const [index, file] of sshKeyFiles.entries()) {
    const fault = await faultOfKeyFile(file);
    if (fault !== undefined) {
      return { kind: 'denied', message: `the SSH key ${file} ${fault.problem}`, hint: fault.hint };
    }
    const key = mendKey(await readText(file, MAX_KEY_BYTES));
    await writeFileAtomic(keyCopy(workDir, index), key, { mode: 0o600, fsync: false });
  }
  return undefined;
}
