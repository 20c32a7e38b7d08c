/** What is noted of a tree while nobody else can enter it, so that later changes to it cannot go unnoticed. */
import { systemClock } from '../../../core/clock.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { listTree, type TreeListing } from '../../../git/tree-listing.ts';
import type { LockedContext } from '../context.ts';
import { type DirectoryState, readStates } from './directory-states.ts';
import { type IndexTotals, totalsOf } from './file-states.ts';

export interface TreeFacts extends IndexTotals {
  /** Of its top. */
  readonly identity: string;
  /** The same for two commits with the same attributes. */
  readonly attributes: string;
  readonly states: ReadonlyMap<string, DirectoryState>;
}

/** The system's clock for files ticks every few milliseconds: what is changed within a tick has the same time. */
const TICK_MS = 20;

/** What a directory is and whose: what others cannot make look the same. */
export async function identityOf(directory: ForeignDirectory): Promise<string> {
  const { dev, ino, uid, gid } = await directory.statOfItself();
  return [dev, ino, uid, gid].join(' ');
}

/** Whether a later change shows in a time: on file systems that keep whole seconds it would not for a second. */
const hasFineTimes = (states: ReadonlyMap<string, DirectoryState>) =>
  states.size === 0 || [...states.values()].some(({ changedAt }) => changedAt % 1000 !== 0);

/**
 * Examines a tree that has the files of its commit and that nobody else can enter.
 * @param indexFile our index of it
 * @returns undefined when later changes to it could go unnoticed
 */
export async function examine(
  { git, shared, spec }: LockedContext,
  directory: ForeignDirectory,
  { commit, indexFile, listing }: { commit: string; indexFile: string; listing?: TreeListing | undefined },
  signal: AbortSignal,
): Promise<TreeFacts | undefined> {
  const started = systemClock.monotonic();
  const repository = shared.current();
  const known = listing ?? (await listTree(git, repository, commit, signal));
  if (known === undefined || (known.hasGitlinks && spec.submodules !== 'off')) {
    return undefined;
  }
  const { directories, attributes } = known;
  const totals = await totalsOf(indexFile, repository.format, signal);
  if (totals === undefined) {
    return undefined;
  }
  const paths = [...directories.keys()].filter((path) => path !== '');
  const states = await readStates(directory, paths, signal);
  const areOurs = states.size === paths.length && [...states.values()].every(({ isOurs }) => isOurs);
  if (!areOurs || !hasFineTimes(states)) {
    return undefined;
  }
  await systemClock.sleep(Math.max(0, TICK_MS - (systemClock.monotonic() - started)), signal);
  return { ...totals, identity: await identityOf(directory), attributes, states };
}
