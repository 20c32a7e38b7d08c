/** When stale trees are kept for the next commit, as far as it does not depend on one of them. */
import { statfs } from 'node:fs/promises';
import type { LockedContext } from '../context.ts';
import type { SyncSpec } from '../spec.ts';

/** Smaller ones are written sooner than looked at. */
const MIN_FILES = 10_000;

/** Of statfs(2): file systems of this machine's own disks, where a change of a file always shows in its ctime. */
const LOCAL_DISKS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x794c7630, // overlayfs
]);

/** Settings by which the files of a commit may depend on more than the commit, or that make the index hold something else. */
const CONFIG_IN_THE_WAY = /^(filter\.|core\.(attributesfile|sparsecheckout|splitindex)|index\.|feature\.)/i;

/** Whether the options leave it possible at all. */
export function mayReuse(spec: SyncSpec): boolean {
  return (
    spec.reuseWorktrees !== 'off' &&
    !spec.oneTime &&
    !spec.groupWrite &&
    spec.changePermissions === 0 &&
    // Trees with more or less than git puts there, and trees that stay.
    !spec.publishCommitInfo &&
    !spec.publishArchive &&
    spec.keepRevisions === 0 &&
    spec.sparseCheckoutFile === '' &&
    spec.sparsePaths.length === 0 &&
    !spec.lfs
  );
}

/** Whether a tree of that many files is worth it. */
export function isLargeEnough({ reuseWorktrees }: SyncSpec, files: number): boolean {
  return reuseWorktrees === 'on' || files >= MIN_FILES;
}

export async function isOnSuitableDisk({ spec, root }: LockedContext): Promise<boolean> {
  return spec.reuseWorktrees === 'on' || LOCAL_DISKS.has((await statfs(root)).type);
}

/** Whether git's own configuration, the user's included, leaves it possible. */
export async function hasPlainConfig({ git, root }: LockedContext, signal: AbortSignal): Promise<boolean> {
  const names = await git.run(['config', '--list', '--name-only', '-z'], { cwd: root, signal });
  return !names.split('\0').some((name) => CONFIG_IN_THE_WAY.test(name));
}

/** Whether one more tree fits on the disk. */
export async function hasRoomFor(
  root: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): Promise<boolean> {
  const status = await statfs(root);
  const hasInodes = status.files === 0 || status.ffree > files;
  return hasInodes && status.bavail * status.bsize > bytes;
}
