import { appendFile, lstat } from 'node:fs/promises';
import { waitFor } from './wait-for.ts';

/**
 * Until a change gives another time of the status than this file has: clocks of file systems are coarse.
 * @param clock a file of the test's own on the same file system, that is written to
 */
export async function fileTick(file: string, clock: string): Promise<void> {
  const { ctimeNs: made } = await lstat(file, { bigint: true });
  const isLater = async () => {
    await appendFile(clock, 'x');
    return (await lstat(clock, { bigint: true })).ctimeNs > made || undefined;
  };
  await waitFor(isLater, { what: 'a tick of the clock' });
}
