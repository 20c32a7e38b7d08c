/** Directories that are wanted as patterns of git's cone mode (git-sparse-checkout(1), "INTERNALS - CONE PATTERN SET"). */
import { pathsAbove } from '../../../core/foreign-files/entry-name.ts';
import { trimEndOf } from '../../../core/trim-end.ts';

const LONGEST = 4096;

/** A path from the top of the repository, without slashes around it. */
function normalized(path: string): string {
  return trimEndOf(path.replace(/^\/+/, ''), '/');
}

/** What is wrong with the first path that is no directory of a repository; undefined where all can be. */
export function sparsePathProblem(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const parts = normalized(path.slice(0, LONGEST + 1)).split('/');
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    const isOdd = path.length > LONGEST || /[\u0000-\u001f\u007f]/.test(path);
    if (isOdd || parts.some((part) => part === '' || part === '.' || part === '..')) {
      return "must be a directory of the repository, like docs/manual, without '.', '..' or control characters in it";
    }
  }
  return undefined;
}

/** The paths in the form of git: normalized, each once, and none that is below another. */
export function wantedDirectories(paths: readonly string[]): string[] {
  const all = [...new Set(paths.map(normalized))].toSorted();
  const wanted = new Set(all);
  const isBelow = (path: string) => pathsAbove(path).some((parent) => wanted.has(parent));
  return all.filter((path) => !isBelow(path));
}

const escaped = (path: string) => path.replace(/[\\*?[]/g, '\\$&');

/** The patterns for these directories: all below them, and the files right in those above, as `git sparse-checkout set` has it. */
export function conePatterns(paths: readonly string[]): string {
  const wanted = wantedDirectories(paths);
  const parents = [...new Set(wanted.flatMap(pathsAbove))].toSorted();
  const lines = [
    '/*',
    '!/*/',
    ...parents.flatMap((path) => [`/${escaped(path)}/`, `!/${escaped(path)}/*/`]),
    ...wanted.map((path) => `/${escaped(path)}/`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
