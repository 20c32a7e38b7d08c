import { chmod, mkdir, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeOddTree } from '../testing/odd-tree.ts';
import { useScannedVolume } from '../testing/scanned-volume.ts';
import { changedSince } from './changed-since.ts';

const { signal, volume, manifest, scan, compare, makeSmall } = useScannedVolume();

describe('what changed since', () => {
  it('is nothing in a quiet volume', async () => {
    makeOddTree(volume());
    await scan();
    expect(await changedSince(volume(), manifest(), { signal, exclude: [] })).toEqual([]);
  });

  it('is what came, went and was written to', async () => {
    await makeSmall();
    await scan();
    await writeFile(`${volume()}/d/b`, 'BB');
    await writeFile(`${volume()}/z`, '');
    await unlink(`${volume()}/a`);
    const changed = await changedSince(volume(), manifest(), { signal, exclude: [] });
    expect(changed.map(String)).toEqual(['', 'a', 'd/b', 'z']);
  });

  it('is a directory in which a file came and went again', async () => {
    await makeSmall();
    await scan();
    await writeFile(`${volume()}/d/passing`, 'x');
    await unlink(`${volume()}/d/passing`);
    const changed = await changedSince(volume(), manifest(), { signal, exclude: [] });
    expect(changed.map(String)).toEqual(['d']);
  });

  it('is nothing that comes or goes in a directory that is known to change, and neither is it a problem', async () => {
    await makeSmall();
    await mkdir(`${volume()}/d/gone/deep`, { recursive: true });
    await writeFile(`${volume()}/d/gone/deep/x`, 'x');
    await scan({ changing: [Buffer.from('d')] });
    await mkdir(`${volume()}/d/new/deep`, { recursive: true });
    await writeFile(`${volume()}/d/new/deep/x`, 'x');
    await symlink('b', `${volume()}/d/link`);
    await rm(`${volume()}/d/gone`, { recursive: true });
    await unlink(`${volume()}/d/b`);
    expect(await changedSince(volume(), manifest(), { signal, exclude: [] })).toEqual([]);
    expect(await compare()).toMatchObject({ problems: 0, examples: [] });
    await writeFile(`${volume()}/d/e/c`, 'new');
    await writeFile(`${volume()}/d/e/extra`, 'x');
    const changed = await changedSince(volume(), manifest(), { signal, exclude: [] });
    expect(changed.map(String)).toEqual(['d/e', 'd/e/c', 'd/e/extra']);
    expect((await compare()).problems).toBeGreaterThanOrEqual(2);
  });
});

it('permissions that change are told, so that a restore need not find them other than they were', async () => {
  await makeSmall();
  await scan({ changing: [Buffer.from('d'), Buffer.from('d/b')] });
  await chmod(`${volume()}/d`, 0o700);
  await chmod(`${volume()}/d/b`, 0o600);
  await chmod(`${volume()}/d/e`, 0o700);
  const changed = await changedSince(volume(), manifest(), { signal, exclude: [] });
  expect(changed.map(String)).toEqual(['d', 'd/b', 'd/e']);
});

it('a name that is given to one thing after another where entries come and go is no problem at a restore', async () => {
  await makeSmall();
  await symlink('a', `${volume()}/d/current`);
  await scan({ changing: [Buffer.from('d')] });
  const swap = async (make: (path: string) => Promise<void>) => {
    await rm(`${volume()}/d/current`, { recursive: true });
    await make(`${volume()}/d/current`);
    expect(await compare()).toMatchObject({ problems: 0 });
  };
  await swap((path) => symlink('other', path));
  await swap((path) => writeFile(path, 'file'));
  await swap(async (path) => {
    await mkdir(path);
    await writeFile(`${path}/file`, 'x');
  });
  await rm(`${volume()}/l`);
  await symlink('other', `${volume()}/l`);
  expect((await compare()).examples).toContain('l: leads to other, not to a');
});
