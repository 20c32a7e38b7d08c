/** What is known of a tree, in private files: an index of ten thousand files takes a megabyte, too much to hold. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { WholeTree } from '../repository/tree-view.ts';
import { packStates, unpackStates } from './directory-states.ts';
import type { TreeFacts } from './examine.ts';
import type { IndexTotals } from './file-states.ts';

/** A tree that this process has filled, and what is known of it. */
export interface KnownTree extends IndexTotals {
  /** Absolute. */
  readonly path: string;
  readonly identity: string;
  readonly attributes: string;
  /** Private. */
  readonly indexFile: string;
  /** Private: the states of its directories. */
  readonly statesFile: string;
}

/** Takes the tree's index and writes down its facts. */
export async function keepFacts(
  { path, indexFile: from }: WholeTree,
  { states, ...known }: TreeFacts,
  newFile: () => string,
): Promise<KnownTree> {
  const tree = { ...known, path, indexFile: newFile(), statesFile: newFile() };
  await moveIndex(from, tree.indexFile);
  await writeFile(tree.statesFile, packStates(states), 'latin1');
  return tree;
}

/** Renamed, not copied: git goes by the time at which it has written an index. */
export const moveIndex = (from: string, to: string): Promise<void> => rename(from, to);

export async function keptStates({ statesFile }: KnownTree): Promise<Map<string, string>> {
  return unpackStates(await readFile(statesFile, 'latin1'));
}

export async function forgetFacts({ indexFile, statesFile }: KnownTree): Promise<void> {
  await rm(indexFile, { force: true });
  await rm(statesFile, { force: true });
}
