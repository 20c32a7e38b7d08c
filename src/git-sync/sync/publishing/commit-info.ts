/** The file that tells an application which commit it reads. */

import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { makeRoomForFile } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { withoutPassword } from '../../../git/public-url.ts';
import type { Git, GitCall } from '../../../git/run.ts';
import { watchedRef } from '../fetching/follow.ts';
import type { SyncSpec } from '../spec.ts';

/** Ours alone in what is published. */
export const INFO_DIR = '.pillion';
export const INFO_FILE = 'commit.json';
const MAX_BYTES = 64 * 1024;

export interface CommitInfo {
  readonly hash: string;
  readonly ref: string;
  /** Without user and password. */
  readonly repository: string;
  /** Of the commit, as ISO 8601 with the committer's zone. */
  readonly committedAt: string;
  /** When it was put there, as ISO 8601. */
  readonly publishedAt: string;
}

/** Asks git for what the hash does not say. `now` is milliseconds since the epoch. */
export async function commitInfo(
  spec: SyncSpec,
  hash: string,
  now: number,
  git: Git,
  call: GitCall,
): Promise<CommitInfo> {
  const time = await git.run(['log', '-1', '--no-show-signature', '--format=%cI', hash, '--'], call);
  return {
    hash,
    ref: watchedRef(spec.follow),
    repository: withoutPassword(spec.repo),
    committedAt: time.trim(),
    publishedAt: new Date(now).toISOString(),
  };
}

/** The hash that the file in a published directory tells, for what it is worth: others may write there. */
export async function toldHash(holder: ForeignDirectory | undefined): Promise<string | undefined> {
  const text = await holder?.readText(INFO_FILE, { maxBytes: MAX_BYTES });
  try {
    const info: unknown = JSON.parse(text ?? '');
    const hash = typeof info === 'object' && info !== null && 'hash' in info ? info.hash : undefined;
    return typeof hash === 'string' ? hash : undefined;
  } catch {
    return undefined;
  }
}

/** Writes it as a whole. */
export async function writeCommitInfo(
  holder: ForeignDirectory,
  info: CommitInfo,
  mode: number,
  log: Log,
): Promise<void> {
  await makeRoomForFile(holder, INFO_FILE, log);
  await holder.write(INFO_FILE, `${JSON.stringify(info, null, 2)}\n`, { mode, fsync: false });
}
