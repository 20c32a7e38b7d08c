/** The repository below the root: made when missing, set aside when broken, never wiped. */

import { cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import { randomId } from '../../../core/random-id.ts';
import type { Git } from '../../../git/run.ts';
import { looksLikeRepository, namesOrigin, writeSkeleton } from './files.ts';

/** What Pillion itself remembers, inside the git directory. */
export const OWN_DIR = 'pillion';

const NEW_PREFIX = '.git.new-';
const BROKEN_PREFIX = '.git.broken-';

export interface RepositoryInit {
  readonly root: string;
  readonly repo: string;
  readonly git: Git;
  readonly log: Log;
  /** Called when a repository is about to be made. */
  readonly onInit: () => void;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** A fresh, empty repository beside the real one. */
export async function makeBeside(init: RepositoryInit): Promise<string> {
  const path = join(init.root, `${NEW_PREFIX}${randomId()}`);
  await mkdir(path, { mode: 0o777 });
  await writeSkeleton(path, init.repo);
  return path;
}

/**
 * Puts a new git directory in the place of the old one, which is set aside. Of those that Pillion used at most one is
 * kept; what was somebody else's stays.
 */
export async function swapIn(init: RepositoryInit, fresh: string): Promise<void> {
  const current = join(init.root, '.git');
  const aside = join(init.root, `${BROKEN_PREFIX}${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  if (await exists(join(current, OWN_DIR))) {
    await cp(join(current, OWN_DIR), join(fresh, OWN_DIR), { recursive: true }).catch(() => {});
  }
  if (await exists(current)) {
    init.log.info('setting the broken repository aside', { path: aside });
    await rename(current, aside);
  }
  await rename(fresh, current);
  const older = (await readdir(init.root)).filter((name) => name.startsWith(BROKEN_PREFIX)).sort();
  for (const name of older.slice(0, -1)) {
    if (await exists(join(init.root, name, OWN_DIR))) {
      await removeTree(join(init.root, name));
    }
  }
}

/**
 * Makes sure there is a repository whose origin is the one asked for. Whatever else lies in the root is left alone.
 * @returns whether it had to be made.
 */
export async function ensureRepository(init: RepositoryInit, signal: AbortSignal): Promise<boolean> {
  const gitDir = join(init.root, '.git');
  if (await looksLikeRepository(gitDir)) {
    await ensureOrigin(init, signal);
    return false;
  }
  init.log.info('repo directory was empty or failed checks', { path: init.root });
  init.onInit();
  await swapIn(init, await makeBeside(init));
  return true;
}

async function ensureOrigin(init: RepositoryInit, signal: AbortSignal): Promise<void> {
  if (await namesOrigin(join(init.root, '.git'), init.repo)) {
    return;
  }
  const call = { cwd: init.root, signal };
  const url = await init.git.run(['config', '--get', 'remote.origin.url'], call).catch(() => undefined);
  if (url === init.repo) {
    return;
  }
  const verb = url === undefined ? 'add' : 'set-url';
  init.log.at(1, 'setting remote origin', { repo: init.repo });
  await init.git.run(['remote', verb, 'origin', init.repo], call);
}

/** Whether the object store is whole; only asked after something failed, since it reads all of it. */
export async function isSound(init: RepositoryInit, signal: AbortSignal): Promise<boolean> {
  try {
    await init.git.run(['fsck', '--no-progress', '--connectivity-only'], { cwd: init.root, signal });
    return true;
  } catch {
    return false;
  }
}

/** Git's locks and temporary files, and our own files that were being made (core's temporaryName). */
const isLeftover = (name: string) =>
  name.endsWith('.lock') ||
  name === 'gc.pid' ||
  /^(tmp_|\.tmp-)/.test(name) ||
  /\.pillion-[0-9a-f]{16}\.tmp$/.test(name);

async function removeIn(directory: string, depth: number): Promise<number> {
  let removed = 0;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && depth > 0) {
      removed += await removeIn(path, depth - 1);
    } else if (entry.isFile() && isLeftover(entry.name)) {
      await rm(path, { force: true });
      removed += 1;
    }
  }
  return removed;
}

/**
 * Removes what a killed git leaves behind: lock files, gc.pid, temporary packs. Only for the holder of the root's
 * lock, and only while no git of its own runs.
 */
export async function removeLeftovers(init: RepositoryInit): Promise<void> {
  for (const name of await readdir(init.root)) {
    if (name.startsWith(NEW_PREFIX)) {
      await removeTree(join(init.root, name));
    }
  }
  const removed = await removeIn(join(init.root, '.git'), 6);
  if (removed > 0) {
    init.log.info('removed leftovers of a crashed git', { files: removed });
  }
}
