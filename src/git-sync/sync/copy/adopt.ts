/** A copy whose records were lost: recognized by its content, so that it goes on without anything being lost. */
import {
  type AsyncByteDirectory,
  type ByteEntry,
  openAsyncByteRoot,
} from '../../../core/foreign-files/async-byte-directory.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { shownName } from '../../../core/foreign-files/entry-name.ts';
import { hasSameContent } from '../../../core/foreign-files/file-copies.ts';
import { ensureDirectory } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { INFO_DIR } from '../publishing/commit-info.ts';
import { type BytePath, isCopied } from './plan.ts';
import { notesIn, OF_THE_VOLUME } from './records.ts';

export interface AdoptInit {
  readonly target: ForeignDirectory;
  readonly source: ForeignDirectory;
  /** Files that no commit brought stay: then they are no difference. */
  readonly keepsForeign: boolean;
  /** Of the file with the paths. */
  readonly mode: number;
  readonly log: Log;
}

/** What a directory has that a tree has not, or otherwise; or else all paths of the tree. */
type Comparison = { readonly difference: string } | { readonly paths: ReadonlySet<BytePath> };

async function compare(
  source: AsyncByteDirectory,
  target: AsyncByteDirectory,
  keepsForeign: boolean,
  signal: AbortSignal,
): Promise<Comparison> {
  const paths = new Set<BytePath>();

  async function isSameLeaf(
    from: AsyncByteDirectory,
    to: AsyncByteDirectory,
    { name, kind }: ByteEntry,
  ): Promise<boolean> {
    return kind === 'link'
      ? (await from.readlink(name)) === (await to.readlink(name))
      : kind !== 'file' || hasSameContent({ directory: from, name }, { directory: to, name }, signal);
  }

  /** The first difference. */
  async function visit(
    from: AsyncByteDirectory,
    to: AsyncByteDirectory,
    prefix: BytePath,
  ): Promise<BytePath | undefined> {
    const there = new Map((await to.entries()).map(({ name, kind }) => [name, kind]));
    for (const entry of await from.entries()) {
      signal.throwIfAborted();
      const { name, kind } = entry;
      if (!isCopied(name, prefix) || kind === 'other') {
        continue;
      }
      const path = prefix + name;
      const isSame =
        there.get(name) === kind && (kind === 'directory' || (await isSameLeaf(from, to, entry)));
      if (!isSame) {
        return path;
      }
      there.delete(name);
      paths.add(kind === 'directory' ? `${path}/` : path);
      const below = kind === 'directory' ? await visitBelow(from, to, entry, path) : undefined;
      if (below !== undefined) {
        return below;
      }
    }
    const others = [...there.keys()].filter(
      (name) => prefix !== '' || (name !== INFO_DIR && name !== OF_THE_VOLUME),
    );
    return keepsForeign || others.length === 0 ? undefined : `${prefix}${others[0] ?? ''}`;
  }

  async function visitBelow(
    from: AsyncByteDirectory,
    to: AsyncByteDirectory,
    { name }: ByteEntry,
    path: BytePath,
  ): Promise<BytePath | undefined> {
    const [one, other] = [await from.open(name), await to.open(name)];
    try {
      return one === undefined || other === undefined ? path : await visit(one, other, `${path}/`);
    } finally {
      await one?.close();
      await other?.close();
    }
  }

  const difference = await visit(source, target, '');
  return difference === undefined ? { paths } : { difference: shownName(difference) };
}

/**
 * Makes a directory a copy again that has every file of a tree just as it is there; undefined then.
 * @returns the path of what differs otherwise
 */
export async function adoptCopy(
  { target, source, keepsForeign, mode, log }: AdoptInit,
  signal: AbortSignal,
): Promise<string | undefined> {
  const opened = [
    await openAsyncByteRoot(source.path, source.shownPath),
    await openAsyncByteRoot(target.path, target.shownPath),
  ] as const;
  try {
    const found = await compare(...opened, keepsForeign, signal);
    if ('difference' in found) {
      return found.difference;
    }
    const own = await ensureDirectory(target, INFO_DIR, log);
    try {
      await notesIn(own, mode, log).noteBrought(found.paths);
    } finally {
      await own.close();
    }
    log.info('a directory without records has just the files of a commit: it is taken for a copy', {
      path: target.shownPath,
    });
    return undefined;
  } finally {
    await Promise.all(opened.map(async (directory) => directory.close()));
  }
}
