import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { fileTick } from '../../../test/support/file-tick.ts';
import { systemClock } from '../../core/clock.ts';
import { sha256 } from '../../core/sha256.ts';
import { useScannedVolume } from '../testing/scanned-volume.ts';
import { changedInTick, isSettled } from './unsettled.ts';

const { temp, signal, volume, scan, makeSmall } = useScannedVolume();

/** As a scan has it that has read `content` in this file. */
const readAs = async (path: string, content: string) => {
  const { ctimeNs } = await stat(`${volume()}/${path}`, { bigint: true });
  return { path, ctimeNs, sha256: sha256(content) };
};
/** In these directories entries come and go. */
const changedWhere = async (names: readonly string[], ...files: Awaited<ReturnType<typeof readAs>>[]) =>
  (await changedInTick(volume(), files, { clock: systemClock, signal, changing: new Set(names) })).map(
    String,
  );
const changed = async (...files: Awaited<ReturnType<typeof readAs>>[]) => changedWhere([], ...files);

it('a scan notes files that changed just before it read them, and no others', async () => {
  await makeSmall();
  const { ctimeNs } = await readAs('a', 'a');
  await delay(300);
  await writeFile(`${volume()}/d/new`, 'new');
  const added = await readAs('d/new', 'new');
  onTestFinished(() => void vi.useRealTimers());
  // However long it takes to get there.
  vi.useFakeTimers({ toFake: ['Date'], now: Number(added.ctimeNs / 1_000_000n) + 10 });
  expect((await scan()).unsettled).toEqual([added]);
  vi.setSystemTime(Number(added.ctimeNs / 1_000_000n) + 100);
  expect((await scan()).unsettled).toEqual([]);
  // A clock that was set back tells nothing.
  vi.setSystemTime(Number(ctimeNs / 1_000_000n) - 86_400_000);
  expect((await scan()).unsettled).toEqual([]);
});

it('finds files whose content is another than was read, though no time tells', async () => {
  await makeSmall();
  const files = [await readAs('a', 'a'), await readAs('d/b', 'before'), await readAs('d/e/c', 'ccc')];
  expect(await changed(...files)).toEqual(['d/b']);
});

it('finds files that are gone, or another, unless they lie where entries come and go', async () => {
  await makeSmall();
  const files = [await readAs('a', 'a'), await readAs('d/b', 'bb'), await readAs('d/e/c', 'ccc')];
  await rm(`${volume()}/a`);
  await rm(`${volume()}/d/e`, { recursive: true });
  expect(await changed(...files)).toEqual(['a', 'd/e/c']);
  expect(await changedWhere(['d'], ...files)).toEqual(['a']);
  expect(await changedWhere([''], ...files)).toEqual([]);
  await mkdir(`${volume()}/other`);
  await writeFile(`${volume()}/other/c`, 'ccc');
  await symlink('../other', `${volume()}/d/e`);
  expect(await changed(...files)).toEqual(['a', 'd/e/c']);
  await fileTick(`${volume()}/d/b`, temp.join('clock'));
  await writeFile(`${volume()}/d/b`, 'bb');
  expect(await changedWhere(['d'], ...files)).toEqual(['a', 'd/b']);
});

it('waits until the tick is over, and never long', async () => {
  await makeSmall();
  const now = 1_700_000_000_500;
  const slept: number[] = [];
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      slept.push(ms);
    },
  };
  const at = async (ms: number) => ({ ...(await readAs('a', 'a')), ctimeNs: BigInt(ms) * 1_000_000n });
  const settle = async (...files: Awaited<ReturnType<typeof at>>[]) =>
    changedInTick(volume(), files, { clock, signal, changing: new Set() });
  await settle(await at(now - 1000));
  expect(slept).toEqual([]);
  await settle(await at(now), await at(now - 10));
  expect(slept).toEqual([51]);
  // A file system that knows whole seconds only.
  await settle(await at(now - 500));
  expect(slept).toEqual([51, 1501]);
  await settle(await at(now + 3_600_000));
  expect(slept).toEqual([51, 1501, 3000]);
});

it.each([
  [-100, true],
  [-10, false],
  [10, false],
])('a time %d ms from now is settled: %s', (ms, expected) => {
  const now = 1_700_000_000_123;
  expect(isSettled(BigInt(now + ms) * 1_000_000n, now)).toBe(expected);
});
