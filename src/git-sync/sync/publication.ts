/** What was published from a root last, so that a restarted process knows whether the data there is what it is to bring. */
import { readBelow, writeBelow } from '../../core/foreign-files/below.ts';
import { type ForeignDirectory, withForeignRoot } from '../../core/foreign-files/directory.ts';
import type { GitSyncSettings } from '../settings.ts';
import type { Layout } from './layout.ts';
import { readPublished } from './publish.ts';
import { OWN_DIR } from './repository/rebuild.ts';
import { checkTree } from './repository/tree-check.ts';

const RECORD = `.git/${OWN_DIR}/published.json`;
const MAX_BYTES = 64 * 1024;

/** The record, as one line; the repository is without user info. */
function recordOf({ repo, follow }: GitSyncSettings, hash: string): string {
  return `${JSON.stringify({ repo, follow, hash })}\n`;
}

async function readRecord(directory: ForeignDirectory): Promise<string | undefined> {
  const content = await readBelow(directory, RECORD, { maxBytes: MAX_BYTES });
  return content.kind === 'file' ? content.bytes.toString('utf8') : undefined;
}

/** Remembers that the published hash is what these settings asked for. */
export async function recordPublication(
  root: string,
  settings: GitSyncSettings,
  hash: string,
): Promise<void> {
  const text = recordOf(settings, hash);
  await withForeignRoot(root, async (directory) => {
    if ((await readRecord(directory)) !== text) {
      await writeBelow(directory, RECORD, text, { mode: 0o644, fsync: false });
    }
  });
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
  const recorded = await withForeignRoot(root, readRecord).catch(() => undefined);
  return recorded === recordOf(settings, hash) && (await checkTree(root, published, hash)) === 'ok'
    ? hash
    : undefined;
}
