/** One update of a copy. A kill at any instant leaves whole files, and the next update ends with the tree. */
import {
  type AsyncByteDirectory,
  openAsyncByteRoot,
} from '../../../core/foreign-files/async-byte-directory.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { shownName } from '../../../core/foreign-files/entry-name.ts';
import { mountsIn } from '../../../core/foreign-files/mounts.ts';
import { ensureDirectory } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { type CommitInfo, INFO_DIR, toldHash, writeCommitInfo } from '../publishing/commit-info.ts';
import { applyCopy } from './apply.ts';
import type { KnownFiles } from './known-files.ts';
import { requireNoMountInTheWay } from './mounts.ts';
import { type BytePath, planCopy } from './plan.ts';
import { type CopyNotes, notesIn, withWorkplaces } from './records.ts';

export interface FillInit {
  readonly source: ForeignDirectory;
  readonly target: ForeignDirectory;
  readonly info: CommitInfo;
  /** Files that no commit brought stay. */
  readonly keepsForeign: boolean;
  readonly umask: number;
  /** What need not be compared. */
  readonly known: KnownFiles;
  readonly log: Log;
}

export interface FilledCopy {
  /** How many files and links are new. */
  readonly staged: number;
  /** What its files and links are like now, by their paths. */
  readonly states: ReadonlyMap<BytePath, string>;
}

interface Opened {
  readonly source: AsyncByteDirectory;
  readonly target: AsyncByteDirectory;
  readonly staging: AsyncByteDirectory;
  readonly attic: AsyncByteDirectory;
}

async function withOpened<T>(
  { source, target }: FillInit,
  own: ForeignDirectory,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  return withWorkplaces(own, async (staging, attic) => {
    const opened: AsyncByteDirectory[] = [];
    const open = async (directory: ForeignDirectory) => {
      const bytes = await openAsyncByteRoot(directory.path, directory.shownPath);
      opened.push(bytes);
      return bytes;
    };
    try {
      return await use({
        source: await open(source),
        target: await open(target),
        staging: await open(staging),
        attic: await open(attic),
      });
    } finally {
      await Promise.all(opened.map(async (directory) => directory.close()));
    }
  });
}

/**
 * What is new is put ready first, so that a full disk changes nothing; then each file appears in one step, then what is
 * to go is removed, and last the file that tells the commit is switched.
 */
async function update(
  init: FillInit,
  own: ForeignDirectory,
  notes: CopyNotes,
  opened: Opened,
  signal: AbortSignal,
): Promise<FilledCopy> {
  const { info, log, umask, known } = init;
  const before = await notes.brought();
  const others = fewWarnings(log, 'what is no file, link or directory is not copied');
  const renamed = fewWarnings(log, 'a file in the place of one of the repository was renamed');
  const kept = fewWarnings(log, 'a file that the repository does not have cannot be removed');
  const onOther = (path: BytePath) => others(shownName(path));
  const plan = await planCopy({ ...opened, known, signal, onOther });
  signal.throwIfAborted();
  await notes.noteBrought(new Set([...before, ...plan.paths]));
  await applyCopy(
    {
      ...opened,
      mounts: mountsIn(init.target.path),
      brought: init.keepsForeign ? before : undefined,
      signal,
      onPut: (path, state) => plan.states.set(path, state),
      onForeign: (what, path) => (what === 'renamed' ? renamed : kept)(path),
    },
    plan.top,
  );
  if ((await toldHash(own)) !== info.hash) {
    await writeCommitInfo(own, info, 0o666 & ~umask, log);
  }
  await notes.noteBrought(plan.paths);
  return plan;
}

/** A neighbour can make any number of such files. */
const MOST_WARNINGS = 10;

function fewWarnings(log: Log, message: string): (path: string) => void {
  let count = 0;
  return (path) => {
    count += 1;
    if (count <= MOST_WARNINGS) {
      log.warn(message, { path, ...(count === MOST_WARNINGS ? { more: 'there may be more' } : {}) });
    }
  };
}

/** Makes a directory a copy of a tree. */
export async function fillCopy(init: FillInit, signal: AbortSignal): Promise<FilledCopy> {
  const { source, target, info, log, umask } = init;
  await requireNoMountInTheWay(source, target);
  const own = await ensureDirectory(target, INFO_DIR, log);
  try {
    const notes = notesIn(own, 0o666 & ~umask, log);
    await notes.begin(info.hash);
    const filled = await withOpened(init, own, (opened) => update(init, own, notes, opened, signal));
    await notes.end();
    return filled;
  } finally {
    await own.close();
  }
}
