/** One update of a copy. A kill at any instant leaves whole files, and the next update ends with the tree. */
import { createBreather } from '../../../core/breather.ts';
import { type ByteDirectory, openByteRoot } from '../../../core/foreign-files/byte-directory.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { shownName } from '../../../core/foreign-files/entry-name.ts';
import { createComparer } from '../../../core/foreign-files/file-copies.ts';
import { ensureDirectory } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { type CommitInfo, INFO_DIR, toldHash, writeCommitInfo } from '../commit-info.ts';
import { applyCopy } from './apply.ts';
import { type BytePath, planCopy } from './plan.ts';
import { type CopyNotes, notesIn, withWorkplaces } from './records.ts';

export interface FillInit {
  readonly source: ForeignDirectory;
  readonly target: ForeignDirectory;
  readonly info: CommitInfo;
  /** Files that no commit brought stay. */
  readonly keepsForeign: boolean;
  readonly umask: number;
  readonly log: Log;
}

interface Opened {
  readonly source: ByteDirectory;
  readonly target: ByteDirectory;
  readonly staging: ByteDirectory;
  readonly attic: ByteDirectory;
}

function openBytes(directory: ForeignDirectory): ByteDirectory {
  return openByteRoot(directory.path, directory.shownPath);
}

async function withOpened<T>(
  { source, target }: FillInit,
  own: ForeignDirectory,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  return withWorkplaces(own, async (staging, attic) => {
    const opened: ByteDirectory[] = [];
    const open = (directory: ForeignDirectory) => {
      const bytes = openBytes(directory);
      opened.push(bytes);
      return bytes;
    };
    try {
      return await use({
        source: open(source),
        target: open(target),
        staging: open(staging),
        attic: open(attic),
      });
    } finally {
      opened.forEach((directory) => directory.close());
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
): Promise<number> {
  const { info, log, umask } = init;
  const breathe = createBreather(signal);
  const before = await notes.brought();
  const others = fewWarnings(log, 'what is no file, link or directory is not copied');
  const renamed = fewWarnings(log, 'a file in the place of one of the repository was renamed');
  const kept = fewWarnings(log, 'a file that the repository does not have cannot be removed');
  const onOther = (path: BytePath) => others(shownName(path));
  const plan = await planCopy({ ...opened, isSame: createComparer(breathe), breathe, onOther });
  signal.throwIfAborted();
  await notes.noteBrought(new Set([...before, ...plan.paths]));
  await applyCopy(
    {
      ...opened,
      brought: init.keepsForeign ? before : undefined,
      breathe,
      onForeign: (what, path) => (what === 'renamed' ? renamed : kept)(path),
    },
    plan.top,
  );
  if ((await toldHash(own)) !== info.hash) {
    await writeCommitInfo(own, info, 0o666 & ~umask, log);
  }
  await notes.noteBrought(plan.paths);
  return plan.staged;
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

/** Makes a directory a copy of a tree. @returns how many files and links are new */
export async function fillCopy(init: FillInit, signal: AbortSignal): Promise<number> {
  const { target, info, log, umask } = init;
  const own = await ensureDirectory(target, INFO_DIR, log);
  try {
    const notes = notesIn(own, 0o666 & ~umask, log);
    await notes.begin(info.hash);
    const staged = await withOpened(init, own, (opened) => update(init, own, notes, opened, signal));
    await notes.end();
    return staged;
  } finally {
    await own.close();
  }
}
