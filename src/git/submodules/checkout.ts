/**
 * Submodules without `git submodule`: what git would write into a git directory on the shared volume, and read again
 * from there, stays in private repositories. Addresses and commits come from the commit that is checked out, never from
 * the tree on the volume.
 */
import { join } from 'node:path';
import { errorMessage } from '../../core/errors.ts';
import { withForeignRoot } from '../../core/foreign-files/directory.ts';
import type { Log } from '../../core/log/log.ts';
import { GIT_ERRORS } from '../errors.ts';
import type { PrivateRepository } from '../private-repository.ts';
import type { Git } from '../run.ts';
import { SUBMODULE_ERRORS } from './errors.ts';
import { mayHaveGitlinks } from './index-file.ts';
import {
  type Gitlink,
  type ModulePlan,
  parseGitlink,
  parseModules,
  planModules,
  type WantedModule,
} from './module-list.ts';

export interface ModuleContext {
  readonly git: Git;
  readonly log: Log;
  /** The private repository for an address; its objects stay from one commit to the next. */
  readonly repositoryFor: (url: string, commit: string) => Promise<PrivateRepository>;
  /** Runs `use` with a path that leads to the directory of a tree itself, for children and for this process. */
  readonly inTree: <T>(path: string, use: (cwd: string) => Promise<T>) => Promise<T>;
  /** A path for the index of a submodule's tree. */
  readonly newIndexFile: () => string;
  /** 0 is the full history. */
  readonly depth: number;
  /** Submodules of submodules too. */
  readonly isRecursive: boolean;
  /** `submodule.<name>.url` from the user's own configuration, by name. */
  readonly urlOverrides: ReadonlyMap<string, string>;
}

/** A tree that stands at a commit, and where its git data is. */
export interface CheckedOutTree {
  readonly path: string;
  readonly commit: string;
  /** The address that relative addresses of its submodules start from. */
  readonly url: string;
  readonly repository: PrivateRepository;
  readonly indexFile: string;
}

/** A submodule that was checked out, with those in it. */
export interface CheckedOutModule extends CheckedOutTree {
  readonly name: string;
  readonly modules: readonly CheckedOutModule[];
}

/** More is no list of submodules: git would hold all of it in memory. */
const MAX_MODULES_FILE_BYTES = 1024 * 1024;
/** Submodules in submodules; each level needs a commit that names the next, so only a joker gets here. */
const MAX_LEVELS = 20;

/** Paths in one line of the log. */
const MAX_TOLD = 5;

/** Addresses of submodules come from strangers: git treats them so, and asks no user. */
const FOREIGN_URL = { GIT_PROTOCOL_FROM_USER: '0' };

async function hasModules(context: ModuleContext, { path }: CheckedOutTree): Promise<boolean> {
  const status = await context.inTree(path, (cwd) =>
    withForeignRoot(cwd, (tree) => tree.stat('.gitmodules')).catch(() => undefined),
  );
  if (status !== undefined && status.size > MAX_MODULES_FILE_BYTES) {
    throw SUBMODULE_ERRORS.submodules_too_many({ bytes: status.size, limit: MAX_MODULES_FILE_BYTES });
  }
  return status?.isFile() ?? false;
}

/**
 * The submodule commits of a tree whose index is made. Git lists its directories along with them, which may be many: none is
 * kept.
 */
async function gitlinksOf(
  context: ModuleContext,
  tree: CheckedOutTree,
  signal: AbortSignal,
): Promise<Gitlink[]> {
  const links: Gitlink[] = [];
  if (!(await mayHaveGitlinks(tree.indexFile, signal))) {
    return links;
  }
  const decoder = new TextDecoder();
  let rest = '';
  await context.git.run(['ls-tree', '-r', '-d', '-z', tree.commit], {
    cwd: tree.repository.gitDir,
    signal,
    env: tree.repository.env(),
    onStdout(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\0');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const link = parseGitlink(line);
        if (link !== undefined) {
          links.push(link);
        }
      }
    },
  });
  return links;
}

/** What a tree wants, read from its commit. Undefined when it has no submodules. */
async function readModulePlan(
  context: ModuleContext,
  tree: CheckedOutTree,
  signal: AbortSignal,
): Promise<ModulePlan | undefined> {
  const isDescribed = await hasModules(context, tree);
  const links = await gitlinksOf(context, tree, signal);
  if (links.length === 0) {
    return undefined;
  }
  if (!isDescribed) {
    const paths = links.slice(0, MAX_TOLD).map(({ path }) => path);
    context.log.warn(
      'submodules are left empty: the tree has no .gitmodules that says where they come from',
      {
        paths,
        count: links.length,
      },
    );
    return undefined;
  }
  const call = { cwd: tree.repository.gitDir, signal, env: tree.repository.env() };
  const listing = await context.git.run(
    ['config', '--blob', `${tree.commit}:.gitmodules`, '--list', '-z'],
    call,
  );
  const plan = planModules(links, parseModules(listing), tree.url, context.urlOverrides);
  const [path] = plan.withoutUrl;
  if (path !== undefined) {
    throw SUBMODULE_ERRORS.submodule_without_url({ path });
  }
  for (const skipped of plan.skipped) {
    context.log.at(1, 'submodule is left alone: its update is "none"', { path: skipped });
  }
  return plan;
}

interface Fetching {
  readonly url: string;
  readonly commit: string;
  readonly path: string;
  readonly depth: number;
  readonly repository: PrivateRepository;
}

async function hasCommit(context: ModuleContext, fetching: Fetching, signal: AbortSignal): Promise<boolean> {
  const call = { cwd: fetching.repository.gitDir, signal, env: fetching.repository.env() };
  return context.git.run(['cat-file', '-e', `${fetching.commit}^{commit}`], call).then(
    () => true,
    (error: unknown) => {
      signal.throwIfAborted();
      return GIT_ERRORS.git_missing.matches(error) ? Promise.reject(error) : false;
    },
  );
}

/** What a server of protocol version 0 says when it gives only what its refs name, whatever else it has. */
const GIVES_NO_COMMITS = /unadvertised object/;

/** A commit by its name; from servers that only give what their refs name, by way of all branches. */
async function fetchCommit(context: ModuleContext, fetching: Fetching, signal: AbortSignal): Promise<void> {
  const { url, commit, repository } = fetching;
  const limits = fetching.depth === 0 ? [] : ['--depth', String(fetching.depth)];
  const flags = ['fetch', '--no-progress', '--no-tags', '--no-auto-gc', ...limits];
  const call = { cwd: repository.gitDir, signal, env: { ...repository.env(), ...FOREIGN_URL } };
  try {
    await context.git.run([...flags, '--', url, commit], call);
  } catch (error) {
    if (!GIT_ERRORS.ref_not_found.matches(error)) {
      throw error;
    }
    // Pruned first: a branch that has become a directory of branches would be in its own way.
    await context.git.run([...flags, '--prune', '--', url, '+refs/heads/*:refs/remotes/origin/*'], call);
    if (!(await hasCommit(context, fetching, signal))) {
      const path = JSON.stringify(fetching.path);
      const message = `fetched in submodule path ${path}, but it did not contain ${commit}`;
      const isBeyondDepth = fetching.depth > 0 && GIVES_NO_COMMITS.test(errorMessage(error));
      throw GIT_ERRORS.submodule_commit_not_found({ message, isBeyondDepth }, { cause: error });
    }
  }
  // What a ref names is not cleaned away.
  await repository.setRef(`refs/pillion/${commit}`, commit);
}

/**
 * Fetches and checks out the submodules of a tree that nobody reads yet.
 * @param onFound called before the first of them is fetched
 */
export async function checkOutModules(
  context: ModuleContext,
  tree: CheckedOutTree,
  signal: AbortSignal,
  onFound: () => void | Promise<void> = () => undefined,
  level = 1,
): Promise<CheckedOutModule[]> {
  const plan = level > MAX_LEVELS ? undefined : await readModulePlan(context, tree, signal);
  const modules: CheckedOutModule[] = [];
  for (const wanted of plan?.wanted ?? []) {
    const { name, path, commit, url, isShallow } = wanted;
    await onFound();
    const repository = await context.repositoryFor(url, commit);
    const depth = context.depth === 0 && isShallow ? 1 : context.depth;
    context.log.at(2, 'fetching submodule', { path, url, commit });
    await fetchCommit(context, { url, commit, path, depth, repository }, signal);
    const module = moduleTree(context, tree, wanted, repository);
    await context.inTree(module.path, (cwd) =>
      context.git.run(['-c', 'checkout.workers=2', 'read-tree', '--reset', '-u', commit], {
        cwd,
        signal,
        env: repository.treeEnv(module.indexFile),
      }),
    );
    const below = context.isRecursive
      ? await checkOutModules(context, module, signal, undefined, level + 1)
      : [];
    modules.push({ ...module, name, modules: below });
  }
  return modules;
}

function moduleTree(
  context: ModuleContext,
  parent: CheckedOutTree,
  { path, commit, url }: WantedModule,
  repository: PrivateRepository,
): CheckedOutTree {
  return { path: join(parent.path, path), commit, url, repository, indexFile: context.newIndexFile() };
}

/**
 * The submodules of a published tree with fresh indexes, if all of them have the files of their commits. Nothing is
 * fetched or written.
 * @throws what git says when one of them has not
 */
export async function verifyModules(
  context: ModuleContext,
  tree: CheckedOutTree,
  signal: AbortSignal,
  level = 1,
): Promise<CheckedOutModule[]> {
  const plan = level > MAX_LEVELS ? undefined : await readModulePlan(context, tree, signal);
  const modules: CheckedOutModule[] = [];
  for (const wanted of plan?.wanted ?? []) {
    const { name, commit, url } = wanted;
    const repository = await context.repositoryFor(url, commit);
    const module = moduleTree(context, tree, wanted, repository);
    await context.inTree(module.path, async (cwd) => {
      const call = { cwd, signal, env: repository.treeEnv(module.indexFile) };
      await context.git.run(['read-tree', commit], call);
      await context.git.run(['update-index', '--ignore-submodules', '--refresh'], call);
    });
    const below = context.isRecursive ? await verifyModules(context, module, signal, level + 1) : [];
    modules.push({ ...module, name, modules: below });
  }
  return modules;
}
