/** The parts of a git directory that are read and written without git (gitrepository-layout(5)). */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PillionError } from '../../../core/errors.ts';
import { readTextIfExists } from '../../../core/files.ts';
import { renderGitConfig } from '../../../git/config-file.ts';
import { isFullHash } from '../../../git/object-name.ts';

/** The branch that the repository's own HEAD stands on, as in git-sync. */
export const OWN_BRANCH = 'git-sync';

/** Makes an empty repository in an existing, empty directory. */
export async function writeSkeleton(gitDir: string, originUrl: string): Promise<void> {
  for (const directory of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info']) {
    await mkdir(join(gitDir, directory), { recursive: true });
  }
  const config = renderGitConfig([
    { key: 'core.repositoryformatversion', value: '0' },
    { key: 'core.filemode', value: 'true' },
    { key: 'core.bare', value: 'false' },
    { key: 'core.logallrefupdates', value: 'true' },
    { key: 'remote.origin.url', value: originUrl },
    { key: 'remote.origin.fetch', value: '+refs/heads/*:refs/remotes/origin/*' },
  ]);
  await writeFile(join(gitDir, 'config'), config);
  // HEAD last: without it the directory is no repository, so a half-made one is never taken for whole.
  await writeFile(join(gitDir, 'HEAD'), `ref: refs/heads/${OWN_BRANCH}\n`);
}

/**
 * Whether the configuration plainly says that this is the origin, in the words of `writeSkeleton` or `git remote`.
 * False only means that git must be asked.
 */
export async function namesOrigin(gitDir: string, url: string): Promise<boolean> {
  const config = (await readTextIfExists(join(gitDir, 'config'))) ?? '';
  const [, section = '', ...more] = config.split('[remote "origin"]\n');
  const lines = section.split('\n[')[0]?.split('\n') ?? [];
  const urls = lines.filter((line) => /^\s*url\s*=/i.test(line));
  const isPlain = /^[\w.:/@~+-]+$/.test(url);
  return (
    more.length === 0 && isPlain && (urls.join() === `\turl = "${url}"` || urls.join() === `\turl = ${url}`)
  );
}

/** Whether git would recognise the directory as a repository; reads four entries, whatever its size. */
export async function looksLikeRepository(gitDir: string): Promise<boolean> {
  const head = await readIfFile(join(gitDir, 'HEAD'));
  const config = await readIfFile(join(gitDir, 'config'));
  if (head === undefined || config === undefined || config.trim() === '' || config.includes('\0')) {
    return false;
  }
  const validHead = /^ref: refs\/\S+\n?$/.test(head) || isFullHash(head.trim());
  const parts = await Promise.all(['objects', 'refs'].map((name) => isDirectory(join(gitDir, name))));
  // With this file git would take everything else from another repository.
  const leadsElsewhere = (await readIfFile(join(gitDir, 'commondir'))) !== undefined;
  return validHead && parts.every(Boolean) && !leadsElsewhere;
}

const NOT_A_FILE = new Set<unknown>(['ENOTDIR', 'EISDIR', 'ELOOP']);

/** What git would not take for a file of a repository is none: `.git` may be a file, `HEAD` a directory. */
async function readIfFile(path: string): Promise<string | undefined> {
  try {
    return await readTextIfExists(path);
  } catch (error) {
    if (error instanceof PillionError && NOT_A_FILE.has(error.facts.systemCode)) {
      return undefined;
    }
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** What the last fetch brought: the object, and whether it is certainly a commit. */
export async function readFetchHead(
  gitDir: string,
): Promise<{ hash: string; isCommit: boolean } | undefined> {
  const text = await readTextIfExists(join(gitDir, 'FETCH_HEAD'));
  const [hash = '', , description = ''] = (text ?? '').split('\n')[0]?.split('\t') ?? [];
  if (!isFullHash(hash)) {
    return undefined;
  }
  return { hash, isCommit: description.startsWith("branch '") };
}

/** Moves the repository's own branch, the way `git update-ref` does: lock file, then rename. */
export async function setOwnBranch(gitDir: string, hash: string): Promise<void> {
  const path = join(gitDir, 'refs/heads', OWN_BRANCH);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.lock`, `${hash}\n`);
  await rename(`${path}.lock`, path);
}

/** Whether the repository has truncated history. */
export async function isShallow(gitDir: string): Promise<boolean> {
  const text = await readTextIfExists(join(gitDir, 'shallow'));
  return text !== undefined && text.trim() !== '';
}

/** The git directory that a worktree's `.git` file names, absolute; undefined when there is none. */
export async function gitDirOfTree(treePath: string): Promise<string | undefined> {
  const text = await readFile(join(treePath, '.git'), 'utf8').catch(() => '');
  const target = /^gitdir: (.+)\n?$/.exec(text)?.[1];
  return target === undefined ? undefined : resolve(treePath, target);
}

/** The commit a worktree stands on; undefined when it is on a branch, broken, or no worktree. */
export async function headOfTree(treePath: string): Promise<string | undefined> {
  const gitDir = await gitDirOfTree(treePath);
  const head = gitDir && (await readTextIfExists(join(gitDir, 'HEAD')).catch(() => undefined));
  const hash = head?.trim() ?? '';
  return isFullHash(hash) ? hash : undefined;
}
