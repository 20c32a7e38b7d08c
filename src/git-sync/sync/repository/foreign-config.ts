/**
 * The root is often shared, and whoever can write there can write git's configuration: filters, commands, other
 * addresses. Git would follow them with the rights, the keys and the passwords of this container.
 */
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { readTextIfExists, writeFileAtomic } from '../../../core/files.ts';
import type { Log } from '../../../core/log/log.ts';
import { isInside } from '../layout.ts';
import { type ConfigLine, sortConfig } from './config-lines.ts';

/** What was taken out of a file stays beside it, for whoever misses it. */
const ASIDE = '.set-aside';
/** Directories of a git directory that hold neither configuration nor git directories. */
const WITHOUT_CONFIG = new Set(['objects', 'refs', 'logs', 'hooks', 'info', 'lfs', 'pillion']);

const isConfig = (name: string) => name === 'config' || name === 'config.worktree';
const leadsOn = (name: string) => !WITHOUT_CONFIG.has(name);

/** Git never makes such links. They are not followed: what they lead to must be neither copied nor changed. */
async function removeLink(path: string, name: string): Promise<void> {
  if (isConfig(name)) {
    await rename(path, `${path}${ASIDE}`);
  } else if (leadsOn(name) && (await stat(path).catch(() => undefined))?.isDirectory()) {
    await rm(path);
  }
}

/** All configuration files of a git directory, of its trees and of their submodules. */
async function configFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isSymbolicLink()) {
      await removeLink(path, entry.name);
    } else if (entry.isFile() && isConfig(entry.name)) {
      found.push(path);
    } else if (entry.isDirectory() && leadsOn(entry.name)) {
      found.push(...(await configFiles(path)));
    }
  }
  return found;
}

/** A submodule's git directory names its tree, which must be one of ours. */
function namesTreeOf(root: string, file: string) {
  return ({ section, key, value }: ConfigLine) => {
    const target = resolve(dirname(file), value);
    const isTree = isInside(root, target) && !isInside(join(root, '.git'), target);
    return section === 'core' && key === 'worktree' && file.includes('/modules/') && isTree;
  };
}

/** A tree's administrative directory leads to our repository, never to another one with a configuration of its own. */
async function removeForeignCommonDirs(gitDir: string): Promise<void> {
  const trees = await readdir(join(gitDir, 'worktrees')).catch(() => []);
  for (const name of trees) {
    const directory = join(gitDir, 'worktrees', name);
    const target = await readFile(join(directory, 'commondir'), 'utf8').catch(() => undefined);
    if (target !== undefined && resolve(directory, target.trimEnd()) !== gitDir) {
      await rm(join(directory, 'commondir'), { force: true });
    }
  }
}

/**
 * Takes out of the configuration inside the root what git-sync never puts there; the whole file is kept beside. Called
 * by the holder of the root's lock, before it runs git there.
 */
export async function removeForeignConfig(root: string, log: Log): Promise<void> {
  const gitDir = join(root, '.git');
  await removeForeignCommonDirs(gitDir);
  for (const file of await configFiles(gitDir)) {
    const text = await readTextIfExists(file).catch(() => undefined);
    const { kept, foreign } = sortConfig(text ?? '', namesTreeOf(root, file));
    if (text !== undefined && foreign.length > 0) {
      log.warn("settings in the root's git configuration are not git-sync's: they are set aside", {
        file: relative(root, file),
        settings: [...new Set(foreign)],
        instead: 'what git is to be configured with goes into --git-config',
      });
      await writeFileAtomic(`${file}${ASIDE}`, text, { mode: 0o600, fsync: false });
      const { mode } = await stat(file);
      await writeFileAtomic(file, kept, { mode: mode & 0o777, fsync: false });
    }
  }
}
