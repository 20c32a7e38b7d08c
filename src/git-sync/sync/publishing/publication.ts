/** What was published from a root last, so that a restarted process knows whether the data there is what it is to bring. */
import { basename, dirname } from 'node:path';
import { readBelow } from '../../../core/foreign-files/below.ts';
import { type ForeignDirectory, withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { withEnsuredDirectory, writeInPlace } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import type { PublishedCopy } from '../copy/published-copy.ts';
import { OWN_DIR } from '../repository/rebuild.ts';
import { checkTree, shapeOf } from '../repository/tree-check.ts';
import type { SyncSpec } from '../spec.ts';
import type { Layout } from './layout.ts';
import { readPublishedTree } from './publish.ts';

/** What decides whether data is what is asked for; the repository is without user info. */
export type Publisher = Pick<
  SyncSpec,
  'repo' | 'follow' | 'verify' | 'publishSubdirectory' | 'publishArchive'
>;

/** Where a sync leaves its record, and what decides about it. */
export interface Publication {
  readonly root: string;
  readonly publisher: Publisher;
  /** Tells it from those of others that publish from the same root in one process. */
  readonly name?: string | undefined;
}

const recordPath = (name: string | undefined) =>
  `.git/${OWN_DIR}/published${name === undefined ? '' : `-${name}`}.json`;
const MAX_BYTES = 64 * 1024;

/** The record, as one line. */
function recordOf({ repo, follow, verify }: Publisher, hash: string): string {
  // What was published without a check of its signature is not what is asked for with one.
  const asked = verify === 'off' ? { repo, follow } : { repo, follow, verify };
  return `${JSON.stringify({ ...asked, hash })}\n`;
}

async function readRecord(directory: ForeignDirectory, path: string): Promise<string | undefined> {
  const content = await readBelow(directory, path, { maxBytes: MAX_BYTES });
  return content.kind === 'file' ? content.bytes.toString('utf8') : undefined;
}

/** Remembers that the published hash is what was asked for. */
export async function recordPublication(
  { root, publisher, name: whose, log }: Publication & { readonly log: Log },
  hash: string,
): Promise<void> {
  const path = recordPath(whose);
  const text = recordOf(publisher, hash);
  await withForeignRoot(root, async (directory) => {
    if ((await readRecord(directory, path)) !== text) {
      await withEnsuredDirectory(directory, dirname(path), log, async (own) => {
        const name = basename(path);
        await writeInPlace(own, name, log, () => own.write(name, text, { mode: 0o644, fsync: false }));
      });
    }
  });
}

/**
 * Whether an earlier process published for this very request, and its worktree is still complete. So a restart during a
 * server outage does not make the pod unready.
 */
export async function hasEarlierPublication(
  { root, publisher, name }: Publication,
  link: string,
  layout: Layout,
  copy?: PublishedCopy,
): Promise<boolean> {
  const { tree: path, below } = (await readPublishedTree(root, link).catch(() => undefined)) ?? {};
  const hash = path && layout.hashOf(path);
  const shape = shapeOf(publisher);
  if (path === undefined || hash === undefined || below !== shape.below) {
    return false;
  }
  // An only sync that becomes one of several has left a record without a name.
  const recorded = await withForeignRoot(
    root,
    async (directory) =>
      (await readRecord(directory, recordPath(name))) ?? readRecord(directory, recordPath(undefined)),
  ).catch(() => undefined);
  const isRight = recorded === recordOf(publisher, hash) && (await (copy?.isOf(hash) ?? true));
  return isRight && (await checkTree(root, path, hash, shape)) === 'ok';
}
