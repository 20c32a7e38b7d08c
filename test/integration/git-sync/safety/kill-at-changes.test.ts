import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectPublished, leftoversIn, makeVersions, mustSync, startReader, syncOnce } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
/** Each step is two syncs, and there are some dozens of steps. */
const TIMEOUT_MS = 400_000;

/** What is loaded into the program, as the JavaScript that it takes. */
async function buildKiller(): Promise<string> {
  const outfile = temp.join('killer.cjs');
  const entry = fileURLToPath(new URL('programs/kill-at-change.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile, format: 'cjs', platform: 'node', logLevel: 'error' });
  return outfile;
}

interface Plan {
  readonly torn: boolean;
  /** From one kill to the next; default 1, at each. */
  readonly stride?: number;
  /** What the killed sync has to do; gives the version that must be published in the end. */
  readonly prepare: (repository: GitRepository, step: number) => Promise<number>;
}

/** Kills a sync at its first change to the file system, then one at a later one, until one gets to its end. */
async function killAtEveryChange(
  repository: GitRepository,
  { torn, stride = 1, prepare }: Plan,
): Promise<number> {
  const killer = await buildKiller();
  const options = { repo: repository.url, root: temp.join('root') };
  for (let step = 1; ; step += stride) {
    const version = await prepare(repository, step);
    const env = {
      NODE_OPTIONS: `--require=${killer}`,
      KILL_AT: String(step),
      ...(torn ? { TORN: 'yes' } : {}),
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

describe.each([
  { torn: false, when: 'before one change to the file system or another', least: 30 },
  { torn: true, when: 'in the middle of each file that it writes', least: 4 },
])('killed $when', ({ torn, least }) => {
  // A repair makes many changes, most of them alike: every third one.
  const stride = torn ? 1 : 3;

  it(
    'a first sync is made good by the next start',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      const prepare = async () => {
        await rm(temp.join('root'), { recursive: true, force: true });
        return 1;
      };
      expect(await killAtEveryChange(repository, { torn, prepare })).toBeGreaterThan(least);
    },
    TIMEOUT_MS,
  );

  it(
    'an update is made good by the next start, and readers see nothing of it',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async (_: GitRepository, step: number) => {
        await commitVersion(repository, step + 1);
        return step + 1;
      };
      expect(await killAtEveryChange(repository, { torn, prepare })).toBeGreaterThan(least);
      await reader.finish();
    },
    TIMEOUT_MS,
  );

  it(
    'a repair of the tree is made good by the next start, and readers see nothing of it',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async () => {
        // Not one of the files that are read.
        await writeFile(temp.join('root', 'link', 'only-in-1'), 'edited');
        return 1;
      };
      expect(await killAtEveryChange(repository, { torn, stride, prepare })).toBeGreaterThan(least);
      await reader.finish();
    },
    TIMEOUT_MS,
  );

  it(
    'a repair of the repository is made good by the next start, and readers see nothing of it',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async () => {
        await writeFile(temp.join('root', '.git', 'HEAD'), '');
        return 1;
      };
      expect(await killAtEveryChange(repository, { torn, stride, prepare })).toBeGreaterThan(least);
      await reader.finish();
    },
    TIMEOUT_MS,
  );
});
