/** Where backups are, as the user writes it, to an engine and what it needs. Pure. */
import { usageError } from '../core/errors.ts';
import { redactUrls } from '../core/options/url-secrets.ts';

export type RepositoryAddress =
  | { readonly kind: 'restic'; readonly location: string; readonly shown: string }
  /** `url` as git takes it; the branch is the volume's own. */
  | { readonly kind: 'git'; readonly url: string; readonly branch: string; readonly shown: string }
  | { readonly kind: 'dir'; readonly path: string; readonly shown: string };

/** What restic knows by a word of its own. */
const RESTIC = /^(?:s3|rest|sftp|azure|gs|b2|swift|rclone|local):/;
const GIT = /^git\+(ssh|https|http|file):\/\//;
const OTHER = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const REDACTED = '***';

/** @throws PillionError `usage` for what no engine knows */
export function parseRepository(text: string): RepositoryAddress {
  const shown = redactUrls(text, REDACTED);
  if (text === '') {
    throw usageError('there is no repository', '--repository s3:https://HOST/BUCKET/PREFIX; see --help');
  }
  if (text.startsWith('dir:')) {
    const path = text.slice('dir:'.length);
    if (!path.startsWith('/')) {
      throw usageError(`repository ${shown}: not an absolute path`, 'write dir:/PATH');
    }
    return { kind: 'dir', path, shown };
  }
  if (GIT.test(text)) {
    return parseGit(text, shown);
  }
  if (RESTIC.test(text) || text.startsWith('/')) {
    return { kind: 'restic', location: text, shown };
  }
  throw usageError(`repository ${shown}: ${whatIsWrong(text)}`, hintFor(text));
}

/** Where a repository is in this machine's files; undefined for one that a server has. */
export function localPathOf(text: string): string | undefined {
  const [path] = text.replace(/^(?:dir:|local:|git\+file:\/\/)(?=\/)/, '').split(GIT.test(text) ? '#' : '\0');
  return path?.startsWith('/') === true ? path : undefined;
}

function parseGit(text: string, shown: string): RepositoryAddress {
  const at = text.indexOf('#');
  const branch = at === -1 ? '' : text.slice(at + 1);
  if (branch === '') {
    throw usageError(
      `repository ${shown}: it names no branch`,
      `end it with #BRANCH, such as ${shown}#backup`,
    );
  }
  if (!/^[A-Za-z0-9_][\w./-]{0,200}$/.test(branch) || /\.\.|\/\/|\.lock$|[./]$/.test(branch)) {
    throw usageError(
      `repository ${shown}: ${JSON.stringify(branch)} is no name of a branch`,
      'such as #backup/data',
    );
  }
  return { kind: 'git', url: text.slice('git+'.length, at), branch, shown };
}

function whatIsWrong(text: string): string {
  const scheme = OTHER.exec(text)?.[1];
  return scheme === undefined ? 'not an absolute path' : `nothing is known that begins with ${scheme}:`;
}

function hintFor(text: string): string {
  if (/^(?:ssh|https?):\/\/.*\.git(?:#|$)|^git@/.test(text)) {
    return 'a git repository is git+ssh://HOST/PATH#BRANCH or git+https://HOST/PATH#BRANCH';
  }
  if (/^https?:\/\//.test(text)) {
    return `for an S3 store write s3:${redactUrls(text, REDACTED)}, for a REST server rest:${redactUrls(text, REDACTED)}`;
  }
  return 's3:URL, rest:URL, sftp:USER@HOST:/PATH, /PATH, git+ssh://...#BRANCH, git+https://...#BRANCH or dir:/PATH';
}
