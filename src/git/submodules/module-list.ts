/** What a commit says of its submodules, read from git's own output. The author of the commit is not trusted. */
import { resolveSubmoduleUrl } from './relative-url.ts';

/** A submodule as `.gitmodules` describes it. */
export interface ModuleEntry {
  readonly name: string;
  /** Relative to the tree, with slashes. */
  readonly path: string;
  /** As written: may be relative to the parent's address. */
  readonly url: string | undefined;
  /** `update = none`: its author wants it left alone. */
  readonly isSkipped: boolean;
  /** `shallow = true`: one commit is enough. */
  readonly isShallow: boolean;
}

export interface Gitlink {
  readonly path: string;
  readonly commit: string;
}

const PREFIX = 'submodule.';
const TRUE = new Set(['true', 'yes', 'on', '1', '']);

/** Splits `submodule.<name>.<key>`; the name may hold dots. */
function splitKey(key: string): { readonly name: string; readonly key: string } | undefined {
  const dot = key.lastIndexOf('.');
  return key.startsWith(PREFIX) && dot > PREFIX.length
    ? { name: key.slice(PREFIX.length, dot), key: key.slice(dot + 1) }
    : undefined;
}

/** A path below the tree, without anything that leads out of it or into a git directory. */
function isPlainPath(path: string): boolean {
  return path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');
}

/** The last value of each key, by name of the submodule, from `git config --list -z`. */
function valuesByName(listing: string): Map<string, Map<string, string>> {
  const names = new Map<string, Map<string, string>>();
  for (const item of listing.split('\0')) {
    const end = item.indexOf('\n');
    const found = splitKey(end === -1 ? item : item.slice(0, end));
    if (found !== undefined) {
      const values = names.get(found.name) ?? new Map<string, string>();
      values.set(found.key, end === -1 ? '' : item.slice(end + 1));
      names.set(found.name, values);
    }
  }
  return names;
}

/** The submodules of a `.gitmodules`, given as `git config --list -z` prints it. Entries without a usable path do not count. */
export function parseModules(listing: string): ModuleEntry[] {
  const entries: ModuleEntry[] = [];
  for (const [name, values] of valuesByName(listing)) {
    const path = values.get('path');
    if (path !== undefined && isPlainPath(path)) {
      entries.push({
        name,
        path,
        url: values.get('url'),
        isSkipped: values.get('update') === 'none',
        isShallow: TRUE.has((values.get('shallow') ?? 'false').toLowerCase()),
      });
    }
  }
  return entries;
}

const LINK = /^160000 commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\t(.+)$/s;

/** One line of `git ls-tree -z`, if it is a submodule's commit. */
export function parseGitlink(line: string): Gitlink | undefined {
  const [, commit, path] = LINK.exec(line) ?? [];
  return commit === undefined || path === undefined ? undefined : { commit, path };
}

/** A submodule that is to be checked out. */
export interface WantedModule {
  readonly name: string;
  readonly path: string;
  readonly commit: string;
  /** Absolute. */
  readonly url: string;
  readonly isShallow: boolean;
}

export interface ModulePlan {
  readonly wanted: readonly WantedModule[];
  /** Left alone because their author says so. */
  readonly skipped: readonly string[];
  /** Paths of submodules whose address is missing or cannot be used. */
  readonly withoutUrl: readonly string[];
}

/** Control characters and a leading dash have no place in an address; git refuses them likewise. */
function isUsableUrl(url: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return url !== '' && !url.startsWith('-') && !/[\u0000-\u001f\u007f]/.test(url);
}

/**
 * Which submodules a tree wants, and from where.
 * @param parentUrl the address of the repository that holds them, which relative addresses start from
 * @param overrides `submodule.<name>.url` from the user's own configuration, by name
 */
export function planModules(
  gitlinks: readonly Gitlink[],
  entries: readonly ModuleEntry[],
  parentUrl: string,
  overrides: ReadonlyMap<string, string>,
): ModulePlan {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const wanted: WantedModule[] = [];
  const skipped: string[] = [];
  const withoutUrl: string[] = [];
  for (const { path, commit } of gitlinks) {
    const entry = byPath.get(path);
    const url =
      entry && (overrides.get(entry.name) ?? (entry.url && resolveSubmoduleUrl(parentUrl, entry.url)));
    if (entry?.isSkipped) {
      skipped.push(path);
    } else if (entry === undefined || url === undefined || !isUsableUrl(url)) {
      withoutUrl.push(path);
    } else {
      wanted.push({ name: entry.name, path, commit, url, isShallow: entry.isShallow });
    }
  }
  return { wanted, skipped, withoutUrl };
}
