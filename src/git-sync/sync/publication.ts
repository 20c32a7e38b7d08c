/** What was published from a root last, so that a restarted process knows whether the data there is what it is to bring. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfExists, writeFileAtomic } from '../../core/files.ts';
import type { GitSyncSettings } from '../settings.ts';
import type { Layout } from './layout.ts';
import { readPublished } from './publish.ts';
import { OWN_DIR } from './repository/repository.ts';
import { checkTree } from './repository/worktree.ts';

const recordPath = (root: string) => join(root, '.git', OWN_DIR, 'published.json');

/** The record, as one line; the repository is without user info. */
function recordOf({ repo, follow }: GitSyncSettings, hash: string): string {
  return `${JSON.stringify({ repo, follow, hash })}\n`;
}

/** Remembers that the published hash is what these settings asked for. */
export async function recordPublication(
  root: string,
  settings: GitSyncSettings,
  hash: string,
): Promise<void> {
  const text = recordOf(settings, hash);
  if ((await readTextIfExists(recordPath(root))) !== text) {
    await mkdir(join(root, '.git', OWN_DIR), { recursive: true });
    await writeFileAtomic(recordPath(root), text, { mode: 0o644, fsync: false });
  }
}

/**
 * The hash an earlier process published for these very settings, if it is still whole: a sidecar that is started again
 * while the server is away has its data and is ready, or the pod would leave its Service for nothing.
 */
export async function earlierPublication(
  root: string,
  link: string,
  layout: Layout,
  settings: GitSyncSettings,
): Promise<string | undefined> {
  const published = await readPublished(link).catch(() => undefined);
  const hash = published && layout.hashOf(published);
  if (published === undefined || hash === undefined) {
    return undefined;
  }
  const recorded = await readTextIfExists(recordPath(root)).catch(() => undefined);
  return recorded === recordOf(settings, hash) && (await checkTree(published, hash)) === 'ok'
    ? hash
    : undefined;
}
