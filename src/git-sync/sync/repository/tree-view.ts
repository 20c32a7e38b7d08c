/** What of a published tree is written for those who read in the root. */
import { basename, join, relative } from 'node:path';
import {
  type ConsumerFile,
  type ConsumerView,
  type ModuleView,
  repositoryFiles,
  shallowText,
  treeFiles,
} from '../../../git/consumer/files.ts';
import { writeConsumerFiles } from '../../../git/consumer/write.ts';
import type { PrivateRepository } from '../../../git/private-repository.ts';
import { withoutPassword } from '../../../git/public-url.ts';
import type { CheckedOutModule } from '../../../git/submodules/checkout.ts';
import { recordName } from '../../../git/tree-places.ts';
import type { LockedContext } from '../context.ts';
import { isInside } from '../publishing/layout.ts';
import type { TreeFacts } from '../reuse/examine.ts';
import { umaskOf } from '../umask.ts';
import { moduleKey } from './module-key.ts';
import { FORM_FILE, formOf } from './tree-form.ts';

/** A tree that has the files of its commit. */
export interface WholeTree {
  readonly path: string;
  readonly hash: string;
  readonly indexFile: string;
  readonly sparsePatterns: string | undefined;
  readonly modules: readonly CheckedOutModule[];
  /** What it was like before anybody else could enter it, if that is known. */
  readonly facts?: TreeFacts | undefined;
}

const keyDirectory = (root: string, key: string) => join(root, '.git/pillion/modules', key);
const moduleDirectory = (root: string, url: string) => keyDirectory(root, moduleKey(url));

async function moduleView(root: string, module: CheckedOutModule): Promise<ModuleView> {
  return {
    ...module,
    objects: join(moduleDirectory(root, module.url), 'objects'),
    shallow: await module.repository.shallow(),
    modules: await Promise.all(module.modules.map((below) => moduleView(root, below))),
  };
}

async function viewOf(
  { root, spec }: LockedContext,
  repository: PrivateRepository,
  tree: WholeTree,
): Promise<ConsumerView> {
  return {
    root,
    format: repository.format,
    url: withoutPassword(spec.repo),
    filter: spec.filter,
    shallow: await repository.shallow(),
    commit: tree.hash,
    path: tree.path,
    indexFile: tree.indexFile,
    sparsePatterns: tree.sparsePatterns,
    modules: await Promise.all(tree.modules.map((module) => moduleView(root, module))),
  };
}

/** The commits that the next process must know as truncated, for each submodule's objects. */
function moduleShallowFiles(root: string, modules: readonly ModuleView[]): { path: string; text: string }[] {
  return modules.flatMap((module) => [
    {
      path: join(moduleDirectory(root, module.url), 'shallow'),
      text: module.shallow.map((hash) => `${hash}\n`).join(''),
    },
    ...moduleShallowFiles(root, module.modules),
  ]);
}

const write = ({ root, spec, open, log }: LockedContext, files: readonly ConsumerFile[]) =>
  writeConsumerFiles(open.directory, files, { top: root, umask: umaskOf(spec), log });

/** The tree of an archive and those of its submodules do not tell where their git directory is. */
function withoutPointer(tree: WholeTree, file: ConsumerFile): ConsumerFile {
  const isPointer = basename(file.path) === '.git' && isInside(tree.path, file.path);
  return isPointer ? { path: file.path, text: undefined } : file;
}

/**
 * Makes git work in a tree, before it is published.
 * @throws PillionError `write_failed`, `not_a_directory`
 */
export async function writeTreeView(context: LockedContext, tree: WholeTree): Promise<void> {
  const { root, shared } = context;
  const view = await viewOf(context, shared.current(), tree);
  const form = formOf(context.spec, tree.sparsePatterns);
  const files = [
    ...moduleShallowFiles(root, view.modules),
    // The configuration is the same for all trees; which commit the branch names is written when the link is switched.
    ...repositoryFiles(view).filter(({ path }) => !relative(root, path).startsWith('.git/refs/')),
    { path: join(root, '.git/worktrees', recordName(tree.path), FORM_FILE), text: form.text },
    ...treeFiles(view),
  ];
  await write(context, context.spec.publishArchive ? files.map((file) => withoutPointer(tree, file)) : files);
}

/** Tells the readers, and the next process, what git still has of truncated commits once it has cleaned up. */
export async function writeShallow(context: LockedContext): Promise<void> {
  const hashes = await context.shared.current().shallow();
  await write(context, [{ path: join(context.root, '.git/shallow'), text: shallowText(hashes) }]);
}

/** The same for the objects of a submodule's address. */
export async function writeModuleShallow(
  context: LockedContext,
  key: string,
  module: PrivateRepository,
): Promise<void> {
  const path = join(keyDirectory(context.root, key), 'shallow');
  await write(context, [{ path, text: shallowText(await module.shallow()) }]);
}

/** Moves the branch of the root to the published commit. */
export async function writeBranch(context: LockedContext, hash: string): Promise<void> {
  const file = { path: join(context.root, '.git/refs/heads/git-sync'), text: `${hash}\n` };
  await write(context, [file]);
}
