/**
 * Files that were read in the same tick of their file system's clock in which they had changed: they may have changed once more
 * in it, and no time would tell.
 */
import { createBreather } from '../../core/breather.ts';
import type { Clock } from '../../core/clock.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { pathsAbove } from '../../core/foreign-files/entry-name.ts';
import type { UnsettledFile } from '../model.ts';
import { readStableFile } from './content.ts';
import { type BytePath, NS_PER_SECOND, nameOf, parentOf } from './entry.ts';
import { inDirectory } from './in-directory.ts';

const NS_PER_MS = 1_000_000n;
/** Times that are further ahead are those of another clock, a file server's or one that was set back: they tell nothing. */
const LONGEST_WAIT_MS = 3000;

/** Ticks of clocks are 10 ms at the most, or whole seconds, which then are all that a time has. */
const tickOf = (timeNs: bigint): bigint =>
  timeNs % NS_PER_SECOND === 0n ? 2n * NS_PER_SECOND : NS_PER_SECOND / 20n;

const msUntilSettled = (timeNs: bigint, nowMs: number): number =>
  Number((timeNs + tickOf(timeNs)) / NS_PER_MS) + 1 - nowMs;

/** Whether a change from now on gets another time than this one. */
export const isSettled = (timeNs: bigint, nowMs: number): boolean => msUntilSettled(timeNs, nowMs) <= 0;

/** Whether what was read from `readAtMs` on may not be what the file with this time held in the end. */
export function isUnsettled(ctimeNs: bigint, readAtMs: number): boolean {
  const wait = msUntilSettled(ctimeNs, readAtMs);
  return wait > 0 && wait <= LONGEST_WAIT_MS;
}

export interface TickOptions {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly signal: AbortSignal;
  /** What is known to change all the time: in such a directory entries may go. */
  readonly changing: ReadonlySet<BytePath>;
}

/**
 * Reads them again, when all that changed in their ticks has done so: those that are not what was read any more, as paths in
 * bytes.
 * @throws PillionError `read_failed`, or the signal's reason
 */
export async function changedInTick(
  root: string,
  files: readonly UnsettledFile[],
  { clock, signal, changing }: TickOptions,
): Promise<readonly Buffer[]> {
  const now = clock.now();
  const wait = files.reduce((most, { ctimeNs }) => Math.max(most, msUntilSettled(ctimeNs, now)), 0);
  if (wait > 0) {
    await clock.sleep(Math.min(wait, LONGEST_WAIT_MS), signal);
  }
  const breathe = createBreather(signal);
  const tree = openByteRoot(root);
  const changed: Buffer[] = [];
  try {
    for (const { path, ctimeNs, sha256 } of files) {
      const isSame = await inDirectory(tree, parentOf(path) ?? '', async (parent) => {
        const content = await readStableFile(parent, nameOf(path), { breathe, signal });
        const isGone = content === undefined && parent.stat(nameOf(path)) === undefined;
        return isGone ? undefined : content?.status.ctimeNs === ctimeNs && content.sha256 === sha256;
      });
      if (isSame === false || (isSame === undefined && !isTolerated(path, changing))) {
        changed.push(Buffer.from(path, 'latin1'));
      }
      await breathe();
    }
    return changed;
  } finally {
    tree.close();
  }
}

/** Whether it lies in a directory, at any depth, in which entries come and go. */
const isTolerated = (path: BytePath, changing: ReadonlySet<BytePath>): boolean =>
  ['', ...pathsAbove(path)].some((above) => changing.has(above));
