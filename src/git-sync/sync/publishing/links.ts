/** Which links lead to trees of a root: another git-sync on the same root may publish there under another name. */
import { basename, join, relative, resolve } from 'node:path';
import { withDirectory } from '../../../core/foreign-files/below.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { withEnsuredDirectory, writeInPlace } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { OWN_DIR } from '../repository/rebuild.ts';
import { type InTree, isInside } from './layout.ts';
import { readPublishedTree } from './publish.ts';

export interface PublishedLink extends InTree {
  readonly link: string;
  /** Published by a Pillion, which may move it; a link that somebody else made is only respected. */
  readonly ours: boolean;
}

const COPIES = `.git/${OWN_DIR}/copies`;
const REGISTRY = `.git/${OWN_DIR}/links`;
const MAX_LINKS = 1000;
const MAX_BYTES = 8 * 1024;

/**
 * Remembers a link before it is published, so that no git-sync on the same root cleans its tree away. Whatever a
 * neighbour has put in the place of a record is set aside: it must not keep a commit from its readers.
 */
export async function rememberLink(root: string, link: string, log: Log): Promise<void> {
  // Below the root it is kept relative: the same volume may be mounted elsewhere in another container.
  const shown = isInside(root, link) ? relative(root, link) : link;
  const name = encodeURIComponent(shown).slice(-200);
  await withForeignRoot(root, (directory) =>
    withEnsuredDirectory(directory, REGISTRY, log, async (registry) => {
      if ((await registry.readText(name, { maxBytes: MAX_BYTES })) !== `${shown}\n`) {
        const options = { mode: 0o644, fsync: false };
        await writeInPlace(registry, name, log, () => registry.write(name, `${shown}\n`, options));
      }
    }),
  );
}

/** Paths that somebody may have written there: they are only read, and only links inside the root are ever moved. */
async function remembered(root: string): Promise<string[]> {
  const texts: string[] = [];
  await withForeignRoot(root, (directory) =>
    withDirectory(directory, REGISTRY, async (registry) => {
      for (const { name } of (await registry?.list(MAX_LINKS)) ?? []) {
        texts.push((await registry?.readText(name, { maxBytes: MAX_BYTES })) ?? '');
      }
    }),
  );
  return texts
    .map((text) => text.replace(/\n$/, ''))
    .filter((text) => text.trim() !== '' && !text.includes('\0'))
    .map((text) => resolve(root, text));
}

/** All links that were ever published from this root and still are there, and all symbolic links in the root itself. */
export async function linksOf(root: string): Promise<PublishedLink[]> {
  const own = new Set(await remembered(root).catch(() => []));
  const entries = await withForeignRoot(root, (directory) => directory.list()).catch(() => []);
  const inRoot = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(root, entry.name));
  const found: PublishedLink[] = [];
  for (const link of new Set([...own, ...inRoot])) {
    const target = await readPublishedTree(root, link).catch(() => undefined);
    if (target !== undefined) {
      found.push({ link, ...target, ours: own.has(link) });
    }
  }
  return found;
}

/**
 * The link to the tree that a copy was made of: git-syncs on the same root leave that tree alone. It lies where only
 * git-syncs look.
 */
export function linkBehindCopy(root: string, copy: string): string {
  const shown = isInside(root, copy) ? relative(root, copy) : copy;
  return join(root, COPIES, encodeURIComponent(shown).slice(-200));
}

/** Where a link was published the tree of an earlier copy is of no use any more. */
export async function forgetCopy(root: string, link: string): Promise<void> {
  await withForeignRoot(root, (directory) =>
    withDirectory(directory, COPIES, async (copies) => copies?.remove(basename(linkBehindCopy(root, link)))),
  );
}
