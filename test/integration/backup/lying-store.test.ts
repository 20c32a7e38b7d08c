/** A store that answers every upload with yes and keeps what it likes: restic believes it. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run, succeed } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { type Lie, type LyingStore, startLyingStore } from '../../support/s3/lying-store.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';

/** A volume with one good snapshot in an honest store, to which it returns before each test. */
const scene = { scratch: '', volume: '', repository: '', reset: () => {} };
let store: LyingStore;

/** More than fits into one pack, so that one holds nothing but content. */
const backUp = async () => {
  await writeFile(path.join(scene.volume, 'second'), randomBytes(7_000_000));
  return run(['backup', 'now'], { ...scene, env: { RESTIC_PACK_SIZE: '4' } });
};

describe.skipIf(restic18() === undefined)(`a store that lies (skipped when ${NO_RESTIC})`, () => {
  beforeAll(async () => {
    scene.scratch = await makeTempDir();
    scene.volume = path.join(scene.scratch, 'volume');
    await mkdir(scene.volume);
    await writeFile(path.join(scene.volume, 'first'), randomBytes(100_000));
    const honest = path.join(scene.scratch, 'honest');
    await succeed(['backup', 'now'], { ...scene, repository: honest, flags: ['--init'] });
    store = await startLyingStore(honest);
    scene.repository = store.location;
    scene.reset = store.remember();
  });
  beforeEach(() => scene.reset());
  afterAll(async () => {
    await store.stop();
    await removeTempDir(scene.scratch);
  });

  it.each<[Exclude<Lie, undefined>, string]>([
    ['lose', 'snapshots'],
    ['lose', 'index'],
    ['damage', 'index'],
    ['damage', 'data'],
  ])('is caught when the backup is made: it %ss %s', async (lie, type) => {
    store.setLie((object) => (object.type === type ? lie : undefined));
    const { code, stderr } = await backUp();
    expect(store.lies()).not.toEqual([]);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/read_back_failed|store_failed/);
  });

  it('is caught when it loses one object alone, whichever', async () => {
    const told: string[] = [];
    for (let victim = 0; ; victim += 1) {
      scene.reset();
      let number = 0;
      store.setLie(({ type }) => (type !== 'locks' && number++ === victim ? 'lose' : undefined));
      const { code, stderr } = await backUp();
      const [lost] = store.lies();
      if (lost === undefined) {
        expect(code, stderr).toBe(0);
        break;
      }
      expect(code, `the loss of object ${victim}, of ${lost.type}: ${stderr}`).toBe(1);
      told.push(lost.type);
    }
    expect(told.toSorted()).toEqual(['data', 'data', 'data', 'index', 'snapshots']);
  });
});
