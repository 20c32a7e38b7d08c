/**
 * Kills a sync before each of its changes to its root, one after another, or in the middle of each file. What it changes
 * elsewhere, in the directory for itself, makes no difference to the root; it is killed there in the middle of files.
 */
import { expect } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import type { TestTempDir } from '../../../support/use-temp-dir.ts';
import { buildPreload } from './preload.ts';
import { expectPublished, leftoversIn, mustSync, syncOnce } from './support.ts';

/** Each step is two syncs, and there are some dozens of steps. */
export const TIMEOUT_MS = 600_000;

/** The two ways to be killed, and how many steps there are at least. */
export const WAYS = [
  { torn: false, when: 'before one change to its root or another', least: 30 },
  { torn: true, when: 'in the middle of each file that it writes', least: 4 },
] as const;

interface Plan {
  readonly torn: boolean;
  /** From one kill to the next; default 1, at each. */
  readonly stride?: number;
  /** What the killed sync has to do; gives the version that must be published in the end. */
  readonly prepare: (repository: GitRepository, step: number) => Promise<number>;
}

/** Kills a sync at its first change to its root, then one at a later one, until one gets to its end. */
export async function killAtEveryChange(
  temp: TestTempDir,
  repository: GitRepository,
  { torn, stride = 1, prepare }: Plan,
): Promise<number> {
  const killer = await buildPreload(temp, 'kill-at-change');
  const options = { repo: repository.url, root: temp.join('root') };
  for (let step = 1; ; step += stride) {
    const version = await prepare(repository, step);
    const env = {
      NODE_OPTIONS: `--require=${killer}`,
      KILL_AT: String(step),
      ...(torn ? { TORN: 'yes' } : { KILL_IN: options.root }),
    };
    const result = await syncOnce(options, { env });
    const wasKilled = result.signal === 'SIGKILL';
    expect(wasKilled || result.code === 0, result.stderr).toBe(true);
    await mustSync(options);
    await expectPublished(temp.join('root', 'link'), await repository.hash(), version);
    expect(await leftoversIn(temp.join('root')), `killed at change ${step}`).toEqual([]);
    if (!wasKilled) {
      return step;
    }
  }
}
