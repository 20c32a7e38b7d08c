/** Where on the disk a measurement works. */
import { spawnSync } from 'node:child_process';

/**
 * From now on each new directory in this one is put into another part of the disk, away from what was removed before this
 * run, by another run or by a build: ext4 steps over the inodes that were freed in the last minutes one by one. Only ext4
 * has such a mark (chattr(1), `T`), and only there it is needed.
 */
export function spreadDirectories(directory: string): void {
  spawnSync('chattr', ['+T', directory]);
}
