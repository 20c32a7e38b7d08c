import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory } from '../../core/files.ts';

/** `--touch-file`: created, or its times set to now, after each change that was published. */
export async function touchFile(path: string): Promise<void> {
  await makeDirectory(dirname(path));
  const file = await open(path, 'a', 0o644);
  try {
    // By its handle: who waits for the file may have deleted it by now.
    const now = new Date();
    await file.utimes(now, now);
  } finally {
    await file.close();
  }
}
