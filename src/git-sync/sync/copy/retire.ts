/** A copy in the place where a link is to be again. */
import { openAsyncByteRoot } from '../../../core/foreign-files/async-byte-directory.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { mountsIn } from '../../../core/foreign-files/mounts.ts';
import { asideName } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { INFO_DIR } from '../publishing/commit-info.ts';
import { applyCopy } from './apply.ts';
import { freshName, hasLeftovers, isOurCopy, notesIn, retiredName } from './records.ts';

/** Removes what a crash left next to the place of a copy. */
export async function removeCopyLeftovers(holder: ForeignDirectory, name: string, log: Log): Promise<void> {
  if (await hasLeftovers(holder, name)) {
    await holder.removeTree(freshName(name));
    await removeRetiredCopy(holder, name, log);
  }
}

/** Moves a copy out of the way of a link; everything else stays where it is. */
export async function moveCopyAway(holder: ForeignDirectory, name: string, log: Log): Promise<void> {
  await removeCopyLeftovers(holder, name, log);
  const copy = await holder.open(name);
  try {
    if (copy !== undefined && (await isOurCopy(copy))) {
      await holder.rename(name, holder, retiredName(name));
    }
  } finally {
    await copy?.close();
  }
}

/** Removes what was brought of one that was moved away; what somebody else has put there is kept under another name. */
export async function removeRetiredCopy(holder: ForeignDirectory, name: string, log: Log): Promise<void> {
  const retired = retiredName(name);
  const copy = await holder.open(retired);
  if (copy === undefined) {
    return;
  }
  try {
    await removeBrought(copy, log);
  } finally {
    await copy.close();
  }
  await holder.removeIfEmpty(retired);
  if ((await holder.stat(retired)) !== undefined) {
    const aside = asideName(name);
    await holder.rename(retired, holder, aside);
    log.warn('files that no git-sync has published were in the place of the link, and are kept', {
      path: `${holder.shownPath}/${aside}`,
    });
  }
}

async function removeBrought(copy: ForeignDirectory, log: Log): Promise<void> {
  const own = await copy.open(INFO_DIR);
  const brought = await (own && notesIn(own, 0o644, log).brought());
  await own?.close();
  if (brought !== undefined) {
    const target = await openAsyncByteRoot(copy.path, copy.shownPath);
    try {
      const nothing = {
        mode: Number((await target.status()).mode) & 0o7777,
        directories: new Map(),
        leaves: new Map(),
      };
      const onForeign = () => {};
      const mounts = mountsIn(copy.path);
      await applyCopy({ target, staging: target, attic: target, mounts, brought, onForeign }, nothing);
    } finally {
      await target.close();
    }
  }
  await copy.removeTree(INFO_DIR);
}
