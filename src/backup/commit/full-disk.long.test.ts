import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { canMount, NO_MOUNTS } from '../../../test/support/mounts.ts';
import { type SmallDisk, withSmallDisk } from '../../../test/support/small-disk.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { compareTree } from '../manifest/compare.ts';
import { scanVolume } from '../manifest/scan.ts';
import { beginForTest } from '../testing/begun-stage.ts';
import { commit } from './commit.ts';
import { recover } from './recover.ts';

const temp = useTempDir();
const { signal } = new AbortController();
const SNAPSHOT = { id: 'abc123', time: 1_700_000_000_000 };
const OPTIONS = { signal, name: 'data', now: 1_800_000_000_000, keepQuarantines: 3 };

async function makeTree(root: string, what: string, extra: string): Promise<void> {
  await mkdir(`${root}/folder`, { recursive: true });
  await writeFile(`${root}/folder/file`, what);
  await writeFile(`${root}/both`, what);
  await writeFile(`${root}/${extra}`, what);
}

async function describeTree(root: string, name: string): Promise<string> {
  await scanVolume(root, temp.join(name), { signal, exclude: [] });
  return temp.join(name);
}

const problems = async (volume: string, manifest: string) =>
  (await compareTree(volume, manifest, { signal, share: 1 })).examples.filter(
    (line) => !line.startsWith('.: has another time'),
  );

/** Commits on a disk that is full from one step on; gives whether there was such a step. */
async function commitWhileFull(disk: SmallDisk, what: 'bytes' | 'inodes', from: number) {
  const volume = disk.path;
  await makeTree(volume, 'old', 'only-old');
  const old = await describeTree(volume, 'old');
  const stage = await beginForTest(volume, SNAPSHOT);
  await makeTree(`${stage.target}/root`, 'new', 'only-new');
  const wanted = await describeTree(`${stage.target}/root`, 'new');
  let steps = 0;
  const fillAt = () => {
    steps += 1;
    if (steps === from) {
      disk.fill(what);
    }
  };
  if (from === 0) {
    disk.fill(what);
  }
  const tree = { root: `${stage.target}/root`, manifest: undefined };
  const failed = await commit(stage, tree, { ...OPTIONS, onStep: fillAt }).then(
    () => false,
    () => true,
  );
  // Nothing that is held open can be unmounted.
  await stage.close();
  // A start while it still is full must not make it worse.
  await recover(volume).catch(() => undefined);
  disk.free();
  const { kind } = await recover(volume);
  expect(await problems(volume, kind === 'staging' ? old : wanted)).toEqual([]);
  return { wasReached: steps >= from, failed, kind };
}

describe.skipIf(!canMount())(`a commit on a full disk (skipped when ${NO_MOUNTS})`, () => {
  it.each(['bytes', 'inodes'] as const)(
    'leaves the old or the new: no %s left, at each step',
    async (what) => {
      const outcomes: string[] = [];
      await withSmallDisk(temp.join('disk'), { sizeKiB: 1024, inodes: 150 }, async (disk) => {
        for (let step = 0; ; step += 1) {
          const { wasReached, failed, kind } = await commitWhileFull(disk, what, step);
          outcomes.push(`${failed ? 'failed' : 'done'}, then ${kind}`);
          if (!wasReached) {
            break;
          }
          spawnSync('find', [disk.path, '-mindepth', '1', '-delete']);
          await rm(temp.join('old'));
        }
      });
      expect(outcomes[0]).toBe('failed, then staging');
      expect(outcomes.at(-1)).toBe('done, then nothing');
      expect(outcomes.length).toBeGreaterThan(10);
    },
  );
});
