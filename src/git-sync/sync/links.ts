/** Which links lead to trees of a root: another git-sync on the same root may publish there under another name. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { isInside } from './layout.ts';
import { readPublished } from './publish.ts';
import { OWN_DIR } from './repository/repository.ts';

export interface PublishedLink {
  readonly link: string;
  /** Absolute path the link points to now. */
  readonly target: string;
  /** Published by a Pillion, which may move it; a link that somebody else made is only respected. */
  readonly ours: boolean;
}

const registry = (root: string) => join(root, '.git', OWN_DIR, 'links');

/** Remembers a link before it is published, so that no git-sync on the same root cleans its tree away. */
export async function rememberLink(root: string, link: string): Promise<void> {
  const directory = registry(root);
  // Below the root it is kept relative: the same volume may be mounted elsewhere in another container.
  const shown = isInside(root, link) ? relative(root, link) : link;
  const path = join(directory, encodeURIComponent(shown).slice(-200));
  if ((await readFile(path, 'utf8').catch(() => '')) !== `${shown}\n`) {
    await mkdir(directory, { recursive: true });
    await writeFile(path, `${shown}\n`);
  }
}

async function remembered(root: string): Promise<string[]> {
  const directory = registry(root);
  const names = await readdir(directory).catch(() => []);
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory, name), 'utf8').catch(() => '')),
  );
  return texts.filter((text) => text.trim() !== '').map((text) => resolve(root, text.replace(/\n$/, '')));
}

/** All links that were ever published from this root and still are there, and all symbolic links in the root itself. */
export async function linksOf(root: string): Promise<PublishedLink[]> {
  const own = new Set(await remembered(root));
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const inRoot = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(root, entry.name));
  const found: PublishedLink[] = [];
  for (const link of new Set([...own, ...inRoot])) {
    const target = await readPublished(link).catch(() => undefined);
    if (target !== undefined) {
      found.push({ link, target, ours: own.has(link) });
    }
  }
  return found;
}
