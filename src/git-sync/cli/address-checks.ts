/** Checks that git-sync does not make: what would reach git as an option, as a program to run, or never match a ref. */
import { resolve } from 'node:path';
import { trimEndOf } from '../../core/trim-end.ts';
import { isOwnPlace } from '../sync/publishing/layout.ts';
import type { Dialect } from '../sync/spec.ts';
import { hasBrokenUserInfo, splitUrl } from './repo-url.ts';

// Of git-check-ref-format: what no ref can hold anywhere. `^`, `~` and `:` would be revision or refspec syntax.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NEVER_IN_A_REF = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|[/.]$/;

/** Why a text cannot be a branch, tag, ref or hash; undefined if it can. */
export function refProblem(text: string): string | undefined {
  if (text.startsWith('-')) {
    return "must not start with '-'";
  }
  return NEVER_IN_A_REF.test(text)
    ? "must be the name of a branch or tag, a full ref, or a hash (without spaces, '..', '@{', any of ~^:?*[\\, or a slash or dot at the end)"
    : undefined;
}

/** Why an address is refused although git would take it; undefined if it is not. */
export function repoProblem(repo: string): string | undefined {
  if (repo.startsWith('-')) {
    return "must not start with '-'";
  }
  if (/^(ext|fd)::/i.test(repo)) {
    return "must not use git's ext:: or fd:: transport, which runs programs";
  }
  if (/^ | $/.test(repo)) {
    return 'must not begin or end with a blank';
  }
  if (repo.includes(' ') && splitUrl(repo) !== undefined) {
    return 'must not hold a blank: in an address it is written %20';
  }
  if (hasBrokenUserInfo(repo)) {
    return "must have its password percent-encoded: a raw '/', '?' or '#' ends the host";
  }
  // oxlint-disable-next-line no-control-regex -- a line break would end the line in git's credential protocol
  return /[\u0000-\u001f\u007f]/.test(repo) ? 'must not hold line breaks or control characters' : undefined;
}

/**
 * Why a link path cannot be one; it is checked after the default was filled in.
 * @param root absolute
 */
export function linkProblem(dialect: Dialect, link: string, root: string): string | undefined {
  const leaf = trimEndOf(link, '/').split('/').at(-1) ?? '';
  if (leaf === '' || leaf === '.' || leaf === '..') {
    return 'must end in a name';
  }
  return isOwnPlace(dialect, root, resolve(root, link))
    ? "must not lie in .git, .worktrees or a worktree of the root: what is there is git-sync's, and is cleaned away"
    : undefined;
}

/**
 * Whether a file that git-sync writes or removes would take the place of what it publishes.
 * @param root absolute
 * @param file empty for none
 */
export function isLinkItself(file: string, link: string, root: string): boolean {
  return file !== '' && resolve(root, file) === resolve(root, link);
}

/** Why such a file cannot be at a path; undefined if it can. */
export function fileProblem(file: string, link: string, root: string): string | undefined {
  return isLinkItself(file, link, root)
    ? 'must not be the published link, which it would replace'
    : undefined;
}
