/** `--publish=copy`: a plain directory in the place of the link, for consumers that follow none. */
import type { Clock } from '../../../core/clock.ts';
import { type ForeignDirectory, withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { favourWork } from '../../../core/process/lean.ts';
import type { LockedContext } from '../context.ts';
import { commitInfo } from '../publishing/commit-info.ts';
import { isInside } from '../publishing/layout.ts';
import { linkBehindCopy } from '../publishing/links.ts';
import { withPlace, withTree } from '../publishing/place.ts';
import { readPublished } from '../publishing/publish.ts';
import type { SyncSpec } from '../spec.ts';
import { umaskOf } from '../umask.ts';
import { adoptCopy } from './adopt.ts';
import { COPY_ERRORS } from './errors.ts';
import { fillCopy } from './fill.ts';
import { createFileMemory } from './known-files.ts';
import { freshName, isFillable, wholeCopyHash } from './records.ts';
import { removeCopyLeftovers } from './retire.ts';

export interface PublishedCopy {
  /** Whether it is a whole copy of this commit, as far as it tells itself: what is in its files is not looked at. */
  isOf(hash: string): Promise<boolean>;
  /** Makes it a copy of the tree, or of a directory in it. @param path absolute */
  bring(context: LockedContext, path: string, hash: string, signal: AbortSignal): Promise<void>;
}

/** @param path of the copy, absolute */
export function createPublishedCopy(
  root: string,
  path: string,
  spec: SyncSpec,
  clock: Pick<Clock, 'now'>,
): PublishedCopy {
  // Each change goes through all files of the tree and of the copy.
  favourWork();
  const memory = createFileMemory(root, spec);

  const withCopy = <T>(use: (directory: ForeignDirectory | undefined) => Promise<T>): Promise<T> =>
    isInside(root, path) ? withTree(root, path, use) : withForeignRoot(path, use);

  async function fill(
    context: LockedContext,
    target: ForeignDirectory,
    tree: string,
    hash: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, git } = context;
    const info = await commitInfo(spec, hash, clock.now(), git, { cwd: root, signal });
    const keepsForeign = spec.publishForeignFiles === 'keep';
    const umask = umaskOf(spec);
    const known = await memory.take(git, hash, signal);
    const { staged, states } = await withTree(root, tree, (source) => {
      if (source === undefined) {
        throw COPY_ERRORS.tree_changed({ path: tree });
      }
      return fillCopy({ source, target, info, keepsForeign, umask, known, log }, signal);
    });
    log.at(1, 'copied the tree', { path, hash, files: staged });
    await memory.keep(hash, states, () => context.shared.newPrivateFile());
  }

  /** The tree that it was a copy of may be there still, where the ref has moved meanwhile. */
  async function adopt(
    { log }: LockedContext,
    target: ForeignDirectory,
    tree: string,
    signal: AbortSignal,
  ): Promise<void> {
    const former = await readPublished(linkBehindCopy(root, path)).catch(() => undefined);
    let difference = '';
    for (const place of new Set([tree, former ?? tree])) {
      const found = await withTree(root, place, async (source) =>
        source === undefined
          ? place
          : adoptCopy(
              {
                target,
                source,
                keepsForeign: spec.publishForeignFiles === 'keep',
                mode: 0o666 & ~umaskOf(spec),
                log,
              },
              signal,
            ),
      );
      if (found === undefined) {
        return;
      }
      difference ||= found;
    }
    throw COPY_ERRORS.not_our_copy({ path, difference });
  }

  async function fillNew(
    context: LockedContext,
    holder: ForeignDirectory,
    name: string,
    isLink: boolean,
    work: (target: ForeignDirectory) => Promise<void>,
  ): Promise<void> {
    const fresh = freshName(name);
    await (await holder.make(fresh))?.close();
    const target = await holder.openOrThrow(fresh);
    try {
      await work(target);
    } finally {
      await target.close();
    }
    context.log.at(2, 'putting the copy in place', { path });
    if (isLink) {
      await holder.remove(name);
    }
    await holder.rename(fresh, holder, name);
  }

  return {
    async isOf(hash) {
      const told = await withCopy(async (copy) => copy && wholeCopyHash(copy)).catch(() => undefined);
      return told === hash;
    },
    bring: (context, tree, hash, signal) =>
      withPlace(root, path, async (holder, name) => {
        await removeCopyLeftovers(holder, name, context.log);
        const status = await holder.stat(name);
        const work = (target: ForeignDirectory) => fill(context, target, tree, hash, signal);
        if (status === undefined || status.isSymbolicLink()) {
          await fillNew(context, holder, name, status !== undefined, work);
          return;
        }
        const target = status.isDirectory() ? await holder.open(name) : undefined;
        try {
          if (target === undefined) {
            throw COPY_ERRORS.not_our_copy({ path });
          }
          if (!(await isFillable(target))) {
            await adopt(context, target, tree, signal);
          }
          await work(target);
        } finally {
          await target?.close();
        }
      }),
  };
}
