/** Our own bare repository in the work directory, and the state of the branch on the server. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatOf, isFullHash, type ObjectFormat } from '../../../git/object-name.ts';
import type { GitAccess } from './access.ts';
import { parseMessage, type SnapshotFacts } from './message.ts';

/** Where a fetched branch is kept. */
export const TIP = 'refs/pillion/tip';
/** Each backup leaves a pack; from then on it is cheaper to start over. */
const MAX_PACKS = 20;
/** Small backups leave objects by themselves, in 256 folders of which one tells of all, as for `git gc --auto`: some 10,000. */
const A_FOLDER = 'objects/17';
const MAX_IN_FOLDER = 40;

export interface Tip {
  readonly id: string;
  /** Undefined for a commit that Pillion has not made. */
  readonly facts: SnapshotFacts | undefined;
  /** Of the commit, milliseconds. */
  readonly time: number;
}

/** Makes a bare repository that knows the server as `origin`, from which it may fetch what it left out. */
export async function makeBare(
  access: GitAccess,
  gitDir: string,
  format: string,
  signal: AbortSignal,
): Promise<void> {
  await rm(gitDir, { recursive: true, force: true });
  await access.run(['init', '--quiet', '--bare', `--object-format=${format}`, gitDir], { signal });
  await access.run(['config', 'remote.origin.url', access.url], { gitDir, signal });
}

/** The commit of the branch on the server, and the form of its objects; undefined when there is no such branch. */
export async function askTip(
  access: GitAccess,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly format: ObjectFormat } | undefined> {
  const output = await access.ask(['ls-remote', '--', access.url, access.ref], { signal });
  const line = output.split('\n').find((each) => each.endsWith(`\t${access.ref}`));
  const id = line?.split('\t')[0] ?? '';
  return isFullHash(id) ? { id, format: formatOf(id) } : undefined;
}

/** Our repository with the newest commit and its trees; content where the server cannot leave it out. */
export async function fetchTip(
  access: GitAccess,
  { id, format }: { readonly id: string; readonly format: ObjectFormat },
  signal: AbortSignal,
): Promise<{ readonly gitDir: string; readonly tip: Tip }> {
  const gitDir = await openCache(access, format, signal);
  if ((await ownTip(access, gitDir, signal)) !== id) {
    const spec = `+${access.ref}:${TIP}`;
    const args = ['fetch', '--quiet', '--no-tags', '--depth=1', '--filter=blob:none', 'origin', spec];
    await access.run(args, { gitDir, signal });
  }
  const fetched = await ownTip(access, gitDir, signal); // the branch may have moved meanwhile
  return { gitDir, tip: await readTip(access, gitDir, fetched ?? id, signal) };
}

/** What was fetched or pushed last. */
async function ownTip(access: GitAccess, gitDir: string, signal: AbortSignal): Promise<string | undefined> {
  const args = ['for-each-ref', '--format=%(objectname)', TIP];
  const output = await access.run(args, { gitDir, signal });
  return output === '' ? undefined : output;
}

export async function openCache(access: GitAccess, format: string, signal: AbortSignal): Promise<string> {
  const gitDir = join(access.workDir, `${format}.git`);
  const packs = await readdir(join(gitDir, 'objects/pack')).catch(() => undefined);
  const loose = await readdir(join(gitDir, A_FOLDER)).catch(() => []);
  const isFull =
    packs === undefined ||
    packs.filter((name) => name.endsWith('.pack')).length > MAX_PACKS ||
    loose.length > MAX_IN_FOLDER;
  if (isFull) {
    await makeBare(access, gitDir, format, signal);
  }
  return gitDir;
}

export async function readTip(
  access: GitAccess,
  gitDir: string,
  id: string,
  signal: AbortSignal,
): Promise<Tip> {
  const text = await access.run(['cat-file', 'commit', id], { gitDir, signal });
  const end = text.indexOf('\n\n');
  const seconds = /^committer .* (\d{1,12}) [+-]\d{4}$/m.exec(text.slice(0, end))?.[1];
  return { id, facts: parseMessage(text.slice(end + 2)), time: Number(seconds ?? 0) * 1000 };
}
