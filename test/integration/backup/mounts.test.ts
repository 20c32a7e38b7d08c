/** What is mounted in a volume is no content of it, and takes nothing else with it. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTree, run, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { bindAt, canMount, NO_MOUNTS, tmpfsAt, withMounts } from '../../support/mounts.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();

const ENGINES: readonly (readonly [string, () => string])[] = [
  ['dir', () => `dir:${dir.join('repository')}`],
  ['git', () => `git+file://${dir.join('data.git')}#data`],
  ...(restic18() === undefined ? [] : ([['restic', () => dir.join('repository')]] as const)),
];

/** Names that would be patterns or other names if they were not taken as they are. */
const NAMES = ['plain', 'any*', 'one?', '[x]', 'back\\slash', '$HOME', 'line\nend', 'space ', '#'];
const NEIGHBOURS = ['any-other', 'onex', 'x', 'line end', 'space'];

describe.skipIf(!canMount()).each(ENGINES)(
  `a volume with mounts in it, with %s (skipped when ${NO_MOUNTS}; restic when ${NO_RESTIC})`,
  (_, place) => {
    async function expectStored(volume: string): Promise<void> {
      const repository = place();
      const stored = await run(['backup', 'now'], { volume, repository, flags: ['--init'] });
      expect([stored.code, stored.stderr]).toEqual([0, expect.not.stringContaining('again')]);
      await mkdir(dir.join('restored'));
      const { code, stderr } = await run(['restore'], { volume: dir.join('restored'), repository });
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('given up')]);
    }

    it('is stored without them, whatever they are called, and with all that is next to them', async () => {
      const volume = dir.join('volume');
      const tree = Object.fromEntries(NEIGHBOURS.map((name) => [`sub/${name}/f`, name]));
      await mkdir(volume);
      await writeTree(volume, tree);
      const names = [...NAMES.map((text) => Buffer.from(text)), Buffer.from('\xff', 'latin1')];
      const targets = names.map((name) => Buffer.concat([Buffer.from(`${volume}/sub/`), name]));
      await withMounts(targets.map(tmpfsAt), async () => {
        await writeFile(path.join(volume, 'sub/plain/other'), 'of another file system');
        await expectStored(volume);
      });
      expect(await readTree(dir.join('restored'))).toEqual(tree);
    });

    it('is stored without what is mounted from the same file system', async () => {
      const volume = dir.join('volume');
      await mkdir(dir.join('other'));
      await writeFile(dir.join('other/file'), 'not of the volume');
      await mkdir(volume);
      await writeTree(volume, { a: 'a', 'sub/b': 'b' });
      const mounted = bindAt(dir.join('other'), path.join(volume, 'sub/mounted'));
      await withMounts([mounted], () => expectStored(volume));
      expect(await readTree(dir.join('restored'))).toEqual({ a: 'a', 'sub/b': 'b' });
    });

    it('is stored without a mount that comes after a hundred other things that no snapshot keeps', async () => {
      const volume = dir.join('volume');
      await mkdir(volume);
      await writeTree(volume, { a: 'a' });
      const fifos = Array.from({ length: 120 }, (__, index) => path.join(volume, `fifo${index}`));
      expect(spawnSync('mkfifo', fifos).status).toBe(0);
      await withMounts([tmpfsAt(path.join(volume, 'sub/mounted'))], () => expectStored(volume));
      expect(await readTree(dir.join('restored'))).toEqual({ a: 'a' });
    });
  },
);

describe.skipIf(!canMount())(
  `a volume that is restored with mounts in it (skipped when ${NO_MOUNTS})`,
  () => {
    const repository = () => `dir:${dir.join('repository')}`;
    const mounted = (name: string) => tmpfsAt(dir.join(name));

    async function backUp(tree: Readonly<Record<string, string>>): Promise<void> {
      await mkdir(dir.join('original'));
      await writeTree(dir.join('original'), tree);
      const made = { volume: dir.join('original'), repository: repository(), flags: ['--init'] };
      expect((await run(['backup', 'now'], made)).code).toBe(0);
      await mkdir(dir.join('volume'));
    }
    const restore = (...flags: string[]) =>
      run(['restore'], { volume: dir.join('volume'), repository: repository(), flags });

    it('is empty with nothing but mounts in it, and filled around them', async () => {
      await backUp({ a: 'a' });
      await withMounts([mounted('volume/mounted')], async () => {
        await writeFile(dir.join('volume/mounted/other'), 'other');
        expect((await restore()).code).toBe(0);
        expect(await readTree(dir.join('volume'))).toEqual({ a: 'a', 'mounted/other': 'other' });
      });
    });

    it('gives way around them when it is corrupt', async () => {
      await backUp({ a: 'a' });
      await writeTree(dir.join('volume'), { b: 'b' });
      await withMounts([mounted('volume/mounted')], async () => {
        await writeFile(dir.join('volume/mounted/other'), 'other');
        expect((await restore('--check=test -f a')).code).toBe(0);
        expect(await readTree(dir.join('volume'))).toEqual({ a: 'a', 'mounted/other': 'other' });
      });
    });

    it.each([
      ['deeper in it', 'volume/sub/mounted', { a: 'a' }],
      ['where the snapshot has something', 'volume/a', { 'a/file': 'a' }],
    ])('is left as it is, with a word, when something is mounted %s', async (_, place, tree) => {
      await backUp(tree);
      await withMounts([mounted(place)], async () => {
        await writeFile(dir.join(place, 'other'), 'other');
        const { code, stderr } = await restore();
        expect([code, stderr]).toEqual([1, expect.stringContaining(`mounted at ${dir.join(place)}`)]);
        const name = path.relative('volume', `${place}/other`);
        expect(await readTree(dir.join('volume'))).toEqual({ [name]: 'other' });
      });
      // In a container that mounts the volume alone; what the mount has left behind is no content.
      expect((await restore()).code).toBe(0);
      expect(await readTree(dir.join('volume'))).toEqual(tree);
    });
  },
);
