import { open } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** File systems that cannot do it, and directories we may write to but not read. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EPERM', 'EBADF']);

/** Makes a rename or removal in this directory survive a power loss, where the file system can do that. */
export async function fsyncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!CANNOT_SYNC.has(systemErrorCode(error) ?? '')) {
      throw error;
    }
  }
}
