/** Cleans the objects of submodules. They are kept by address, and outlive the trees that they were fetched for. */
import { withDirectory } from '../../../core/foreign-files/below.ts';
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { parseHashes } from '../../../git/private-repository.ts';
import type { LockedContext } from '../context.ts';
import { existing, KEPT } from './protect.ts';
import { OWN_DIR } from './rebuild.ts';
import { writeModuleShallow } from './tree-view.ts';

const MODULES = `${OWN_DIR}/modules`;
const MAX_COMMITS = 10_000;
const MAX_MODULES = 1000;
const MAX_DEPTH = 24;

/** What a tree's record says of its submodules, nested ones included. */
async function collectHeads(directory: ForeignDirectory, found: string[], depth: number): Promise<void> {
  for (const entry of await directory.list(MAX_COMMITS)) {
    if (found.length >= MAX_COMMITS) {
      return;
    }
    if (entry.isFile() && entry.name === 'HEAD') {
      found.push((await directory.readText(entry.name, { maxBytes: 128 }))?.trim() ?? '');
    } else if (entry.isDirectory() && depth < MAX_DEPTH) {
      const below = await directory.open(entry.name);
      try {
        await (below && collectHeads(below, found, depth + 1));
      } finally {
        await below?.close();
      }
    }
  }
}

/** The submodule commits of all trees in the root, whichever git-sync made them. They are names, and nothing more. */
async function commitsInUse(gitDirectory: ForeignDirectory): Promise<string[]> {
  const found: string[] = [];
  await withDirectory(gitDirectory, 'worktrees', async (records) => {
    for (const { name } of (await records?.list()) ?? []) {
      await withDirectory(gitDirectory, `worktrees/${name}/modules`, async (modules) => {
        await (modules && collectHeads(modules, found, 0));
      });
    }
  });
  return found;
}

async function countPacks(gitDirectory: ForeignDirectory, key: string): Promise<number> {
  return withDirectory(gitDirectory, `${MODULES}/${key}/objects/pack`, async (packs) => {
    const entries = (await packs?.list()) ?? [];
    return entries.filter(({ name }) => name.endsWith('.pack')).length;
  });
}

/**
 * Has git remove what no tree needs any more. For the holder of the root's lock, when the records of lost trees are gone.
 * @param flags of `git gc`
 * @param published a commit of the followed repository, whose submodules name objects in the same way
 */
export async function cleanModules(
  { git, shared, open, ...context }: LockedContext,
  flags: readonly string[],
  published: string,
  signal: AbortSignal,
): Promise<void> {
  const gitDirectory = open.gitDirectory.guardedBy(signal);
  const keys = await withDirectory(
    gitDirectory,
    MODULES,
    async (all) => (await all?.list(MAX_MODULES)) ?? [],
  );
  const named = keys.length === 0 ? [] : await commitsInUse(gitDirectory);
  for (const { name: key } of keys.filter((entry) => /^[0-9a-f]{32}$/.test(entry.name))) {
    const packs = await countPacks(gitDirectory, key);
    if (packs === 0) {
      continue;
    }
    const module = await shared.moduleRepository(open, key, '', published);
    const call = { cwd: module.gitDir, signal, env: module.env() };
    const used = await existing(git, parseHashes(named.join('\n'), module.format), call);
    if (packs > 1 || used.length === 0) {
      await module.setRefs(KEPT, used);
      await git.run(['gc', ...flags], call);
      await writeModuleShallow({ git, shared, open, ...context }, key, module);
    }
  }
}
