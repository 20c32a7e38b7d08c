import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { canMount, NO_MOUNTS, tmpfsAt, withMounts } from '../../../test/support/mounts.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import type { CommitOptions } from '../model.ts';
import { beginForTest } from '../testing/begun-stage.ts';
import { commit } from './commit.ts';
import { recover } from './recover.ts';

const temp = useTempDir();
const volume = (...names: string[]) => temp.join('volume', ...names);
const SNAPSHOT = { id: 'abc123', time: 1_700_000_000_000 };
const OPTIONS: CommitOptions = {
  signal: new AbortController().signal,
  name: 'data',
  now: 1_800_000_000_000,
  keepQuarantines: 3,
};

/** With something of somebody else in it. */
const withMount = (path: string, work: () => Promise<void>): Promise<void> =>
  withMounts([tmpfsAt(path)], async () => {
    await writeFile(`${path}/other`, 'other');
    await work();
  });

async function stageNew() {
  const stage = await beginForTest(volume(), SNAPSHOT);
  const root = `${stage.target}/root`;
  await mkdir(`${root}/sub`, { recursive: true });
  await mkdir(`${root}/conf`);
  await writeFile(`${root}/sub/new`, 'new');
  await writeFile(`${root}/z`, 'new');
  return { stage, tree: { root, manifest: undefined } };
}

describe.skipIf(!canMount())(`a commit on a volume with mounts in it (skipped when ${NO_MOUNTS})`, () => {
  it('leaves what is mounted where the snapshot has an empty directory, as mounts leave one', async () => {
    await mkdir(volume('conf'), { recursive: true });
    await withMount(volume('conf'), async () => {
      const { stage, tree } = await stageNew();
      await commit(stage, tree, OPTIONS);
      expect((await readdir(volume())).toSorted()).toEqual(['.pillion', 'conf', 'sub', 'z']);
      expect(await readFile(volume('conf/other'), 'utf8')).toBe('other');
    });
  });

  it.each(['journal', 'cleared sub', 'cleared', 'filled sub'])(
    'that was killed after "%s" is not gone on with while something is mounted in what it moves, and then is',
    async (last) => {
      await mkdir(volume('sub/deep'), { recursive: true });
      await mkdir(volume('old/deep'), { recursive: true });
      const { stage, tree } = await stageNew();
      const onStep = (step: string) => {
        if (step === last) {
          throw new Error('killed');
        }
      };
      await expect(commit(stage, tree, { ...OPTIONS, onStep })).rejects.toThrow('killed');
      const before = (await readdir(volume())).toSorted();
      // What another container may have: one in what is still to be moved away, one in what would give way to the snapshot.
      const inTheWay = before.includes('old') ? 'old/deep' : 'z/deep';
      if (inTheWay === 'z/deep') {
        await mkdir(volume('z/deep'), { recursive: true });
      }
      await withMount(volume(inTheWay), async () => {
        await expect(recover(volume())).rejects.toMatchObject({ code: 'mount_in_the_way' });
        expect(await readFile(volume(inTheWay, 'other'), 'utf8')).toBe('other');
      });
      expect(await recover(volume())).toMatchObject({ kind: 'committed' });
      expect((await readdir(volume())).toSorted()).toEqual(['.pillion', 'conf', 'sub', 'z']);
      expect(await readFile(volume('sub/new'), 'utf8')).toBe('new');
    },
  );
});
