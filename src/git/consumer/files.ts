/**
 * What git needs in a shared root so that it works for those who read there: `git log` in a published tree, as with
 * git-sync. It is written after our own git has ended and never read back, so it may be whatever a neighbour makes of it.
 */
import { join, relative } from 'node:path/posix';
import { renderGitConfig } from '../config-file.ts';
import type { ObjectFormat } from '../object-name.ts';
import { OWN_BRANCH } from '../private-repository.ts';
import { formatConfig } from '../repository-config.ts';
import { recordName } from '../tree-places.ts';

/** A submodule in a published tree. */
export interface ModuleView {
  readonly name: string;
  /** Of its tree, absolute. */
  readonly path: string;
  readonly commit: string;
  readonly url: string;
  /** Where its objects are, absolute. */
  readonly objects: string;
  readonly shallow: readonly string[];
  /** The index that our git made. */
  readonly indexFile: string;
  readonly modules: readonly ModuleView[];
}

export interface ConsumerView {
  /** Absolute. */
  readonly root: string;
  readonly format: ObjectFormat;
  /** Without a password. */
  readonly url: string;
  /** The filter of a partial clone; empty for none. */
  readonly filter: string;
  readonly shallow: readonly string[];
  readonly commit: string;
  /** Of the published tree, absolute. */
  readonly path: string;
  readonly indexFile: string;
  /** Sparse patterns that the tree was made with. */
  readonly sparsePatterns: string | undefined;
  readonly modules: readonly ModuleView[];
}

/** A file below the root: its text, or a copy of a private file. `undefined` as text means that there is none. */
export type ConsumerFile =
  | { readonly path: string; readonly text: string | undefined }
  | { readonly path: string; readonly copyOf: string };

/** A name as a directory below `modules`: what could lead elsewhere is escaped. */
export function moduleDirectory(name: string): string {
  return name
    .split('/')
    .map((part) => (/^\.*$/.test(part) ? encodeURIComponent(part).replaceAll('.', '%2E') || '%' : part))
    .join('/');
}

/** The text of a file `shallow`; undefined for none. */
export const shallowText = (hashes: readonly string[]) =>
  hashes.length === 0 ? undefined : `${hashes.toSorted().join('\n')}\n`;

function readersConfig(format: ObjectFormat, filter: string) {
  return [...formatConfig(format, filter), { key: 'core.logallrefupdates', value: 'true' }];
}

function rootConfig({ format, filter, url, modules }: ConsumerView): string {
  return renderGitConfig([
    ...readersConfig(format, filter),
    { key: 'remote.origin.url', value: url },
    { key: 'remote.origin.fetch', value: '+refs/heads/*:refs/remotes/origin/*' },
    ...(filter === ''
      ? []
      : [
          { key: 'remote.origin.promisor', value: 'true' },
          { key: 'remote.origin.partialclonefilter', value: filter },
        ]),
    ...modules.flatMap(({ name, url: moduleUrl }) => [
      { key: `submodule.${name}.active`, value: 'true' },
      { key: `submodule.${name}.url`, value: moduleUrl },
    ]),
  ]);
}

function moduleFiles(format: ObjectFormat, holder: string, module: ModuleView): ConsumerFile[] {
  const gitDir = join(holder, 'modules', moduleDirectory(module.name));
  const config = renderGitConfig([
    ...readersConfig(format, ''),
    { key: 'core.worktree', value: relative(gitDir, module.path) },
    { key: 'remote.origin.url', value: module.url },
    { key: 'remote.origin.fetch', value: '+refs/heads/*:refs/remotes/origin/*' },
    ...module.modules.flatMap(({ name, url }) => [
      { key: `submodule.${name}.active`, value: 'true' },
      { key: `submodule.${name}.url`, value: url },
    ]),
  ]);
  return [
    { path: join(gitDir, 'config'), text: config },
    // Without the directory git would take the place for no repository.
    { path: join(gitDir, 'refs/heads/.keep'), text: '' },
    {
      path: join(gitDir, 'objects/info/alternates'),
      text: `${relative(join(gitDir, 'objects'), module.objects)}\n`,
    },
    { path: join(gitDir, 'shallow'), text: shallowText(module.shallow) },
    { path: join(gitDir, 'index'), copyOf: module.indexFile },
    { path: join(gitDir, 'HEAD'), text: `${module.commit}\n` },
    ...module.modules.flatMap((below) => moduleFiles(format, gitDir, below)),
    { path: join(module.path, '.git'), text: `gitdir: ${relative(module.path, gitDir)}\n` },
  ];
}

/** The files that make a tree useful to git: those of the tree and its submodules, in the order they are to be written. */
export function treeFiles(view: ConsumerView): ConsumerFile[] {
  const record = join(view.root, '.git/worktrees', recordName(view.path));
  return [
    { path: join(record, 'info/sparse-checkout'), text: view.sparsePatterns },
    { path: join(record, 'commondir'), text: '../..\n' },
    { path: join(record, 'gitdir'), text: `${join(view.path, '.git')}\n` },
    { path: join(record, 'index'), copyOf: view.indexFile },
    { path: join(record, 'HEAD'), text: `${view.commit}\n` },
    ...view.modules.flatMap((module) => moduleFiles(view.format, record, module)),
    // Last: from here on git finds the rest.
    { path: join(view.path, '.git'), text: `gitdir: ${relative(view.path, record)}\n` },
  ];
}

/** The files of the repository that the trees of a root share. */
export function repositoryFiles(view: ConsumerView): ConsumerFile[] {
  const gitDir = join(view.root, '.git');
  return [
    { path: join(gitDir, 'config'), text: rootConfig(view) },
    { path: join(gitDir, 'shallow'), text: shallowText(view.shallow) },
    { path: join(gitDir, 'commondir'), text: undefined },
    { path: join(gitDir, `refs/heads/${OWN_BRANCH}`), text: `${view.commit}\n` },
    { path: join(gitDir, 'HEAD'), text: `ref: refs/heads/${OWN_BRANCH}\n` },
  ];
}
