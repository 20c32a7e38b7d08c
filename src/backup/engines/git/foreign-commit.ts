/** What somebody else has committed, described as a snapshot: owners are ours, times those of the commit. */
import process from 'node:process';
import { BACKUP_ERRORS } from '../../errors.ts';
import { type BytePath, compareInTree, type Entry, NS_PER_SECOND, parentOf } from '../../manifest/entry.ts';
import { createManifestWriter } from '../../manifest/files.ts';
import type { GitAccess } from './access.ts';
import { createBlobList } from './blob-list.ts';

export interface Foreign {
  readonly id: string;
  readonly time: number;
}

interface TreeEntry {
  readonly mode: string;
  readonly object: string;
  readonly size: number;
  readonly path: BytePath;
}

/** One entry of `ls-tree -r -l -z`. */
export function parseTreeEntry(text: string): TreeEntry {
  const tab = text.indexOf('\t');
  const [mode = '', , object = '', size = ''] = text.slice(0, tab).split(/ +/);
  return { mode, object, size: Number(size), path: text.slice(tab + 1) };
}

async function listTree(
  access: GitAccess,
  gitDir: string,
  id: string,
  signal: AbortSignal,
): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  let rest = '';
  await access.run(['ls-tree', '-r', '-l', '-z', '--full-tree', id], {
    gitDir,
    signal,
    onStdout(chunk) {
      const parts = (rest + chunk.toString('latin1')).split('\0');
      rest = parts.pop() ?? '';
      entries.push(...parts.map(parseTreeEntry));
    },
  });
  return entries;
}

/** Its content has no hashes of ours: files are marked as changing, and git's own are what is checked. */
export async function describeForeign(
  access: GitAccess,
  gitDir: string,
  { id, time }: Foreign,
  files: { readonly manifest: string; readonly blobs: string },
  signal: AbortSignal,
): Promise<void> {
  const tree = await listTree(access, gitDir, id, signal);
  const writer = createManifestWriter(files.manifest);
  const blobs = createBlobList(files.blobs);
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const common = { ...owner, mtimeNs: (BigInt(time) / 1000n) * NS_PER_SECOND };
  try {
    const targets = await linkTargets(access, gitDir, tree, signal);
    const directories = directoriesOf(tree);
    const entries: { readonly entry: Entry; readonly object: string }[] = [
      ...directories.map((path) => ({
        entry: { type: 'directory' as const, path, mode: 0o755, ...common },
        object: '',
      })),
      ...tree.flatMap((each) => {
        const entry = entryOf(each, common, targets);
        return entry === undefined ? [] : [{ entry, object: each.object }];
      }),
    ];
    for (const { entry, object } of entries.toSorted((a, b) => compareInTree(a.entry.path, b.entry.path))) {
      writer.add(entry);
      if (entry.type === 'file') {
        blobs.add(object);
      }
    }
    writer.finish();
  } finally {
    writer.close();
    blobs.close();
  }
}

function entryOf(
  { mode, size, path, object }: TreeEntry,
  common: { readonly uid: number; readonly gid: number; readonly mtimeNs: bigint },
  targets: ReadonlyMap<string, string>,
): Entry | undefined {
  if (mode === '120000') {
    return { type: 'symlink', path, mode: 0o777, ...common, target: targets.get(object) ?? '' };
  }
  if (mode !== '100644' && mode !== '100755') {
    return undefined; // a submodule: its content is in another repository
  }
  const own = { size, sha256: undefined, links: undefined, isChanging: true, identity: undefined };
  return { type: 'file', path, mode: mode === '100755' ? 0o755 : 0o644, ...common, ...own };
}

function directoriesOf(tree: readonly TreeEntry[]): BytePath[] {
  const directories = new Set<BytePath>(['']);
  for (const { path } of tree) {
    for (let parent = parentOf(path); parent !== undefined; parent = parentOf(parent)) {
      if (directories.has(parent)) {
        break;
      }
      directories.add(parent);
    }
  }
  return [...directories];
}

const MAX_TARGET_BYTES = 4095;

async function linkTargets(
  access: GitAccess,
  gitDir: string,
  tree: readonly TreeEntry[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const targets = new Map<string, string>();
  for (const { mode, object, size, path } of tree) {
    if (mode !== '120000' || targets.has(object)) {
      continue;
    }
    if (size === 0 || size > MAX_TARGET_BYTES) {
      throw BACKUP_ERRORS.restore_failed({ message: `the link ${path} in the repository leads nowhere` });
    }
    const chunks: Buffer[] = [];
    const onStdout = (chunk: Buffer) => void chunks.push(Buffer.from(chunk));
    await access.run(['cat-file', 'blob', object], { gitDir, signal, onStdout });
    targets.set(object, Buffer.concat(chunks).toString('latin1'));
  }
  return targets;
}
