import { hash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { bytePath, type Entry } from '../manifest/entry.ts';
import { createManifestWriter } from '../manifest/files.ts';
import { pickFiles } from '../manifest/sample.ts';
import { scanVolume } from '../manifest/scan.ts';
import { sampleOf, sampleProblems, settledFiles, writeSample } from './sample.ts';

const temp = useTempDir();
const { signal } = new AbortController();
const volume = () => temp.join('volume');
const LONG_AGO = 1_600_000_000;

async function write(path: string, content: string): Promise<void> {
  await writeFile(`${volume()}/${path}`, content);
  await utimes(`${volume()}/${path}`, LONG_AGO, LONG_AGO);
}

async function sampled(): Promise<number> {
  const { digest } = await scanVolume(volume(), temp.join('manifest'), { signal, exclude: [] });
  const files = await settledFiles(volume(), sampleOf(temp.join('manifest'), digest), signal);
  await writeSample(volume(), files);
  return files.length;
}

describe('a sample of a volume', () => {
  it('tells of other content with the size and time of before, and of nothing else', async () => {
    await mkdir(`${volume()}/sub`, { recursive: true });
    for (const name of ['a', 'sub/b', 'c', 'sub/\u00e4', 'gone', 'longer', 'link']) {
      await write(name, 'content');
    }
    expect(await sampled()).toBe(7);
    expect(await sampleProblems(volume(), 100, signal)).toEqual([]);
    await writeFile(`${volume()}/a`, 'CONTENT'); // by the application
    await rm(`${volume()}/gone`);
    await write('longer', 'content and more');
    await rm(`${volume()}/link`);
    await symlink('sub/b', `${volume()}/link`);
    expect(await sampleProblems(volume(), 100, signal)).toEqual([]);
    await write('sub/\u00e4', 'CONTENT');
    await write('c', 'CONTENT');
    const problems = await sampleProblems(volume(), 100, signal);
    expect(problems.map((line) => line.replace(/ has other content.*/, '')).toSorted()).toEqual([
      'c',
      'sub/\u00e4',
    ]);
    // Now whichever is looked at first has other content.
    await write('sub/b', 'CONTENT');
    expect(await sampleProblems(volume(), 1, signal)).toHaveLength(1);
    expect(await sampleProblems(volume(), 0, signal)).toEqual([]);
  });

  it('that is not there, or was spoilt itself, says nothing', async () => {
    await mkdir(volume());
    await write('a', 'content');
    expect(await sampleProblems(volume(), 10, signal)).toEqual([]);
    await sampled();
    await write('a', 'CONTENT');
    expect(await sampleProblems(volume(), 10, signal)).toHaveLength(1);
    const record = `${volume()}/.pillion/sample.json`;
    const text = await readFile(record, 'utf8');
    for (const spoilt of [
      text.replace('"size": 7', '"size": 8'),
      text.slice(0, -9),
      '',
      ' '.repeat(2_000_000),
      '{"version":1,"digest":"x","files":[]}',
    ]) {
      await writeFile(record, spoilt);
      expect(await sampleProblems(volume(), 10, signal)).toEqual([]);
    }
    const file = { path: '../x', size: 1, mtimeNs: '1', sha256: 'a'.repeat(64) };
    const digest = hash('sha256', JSON.stringify([file]), 'hex');
    await writeFile(record, JSON.stringify({ version: 1, digest, files: [file] }));
    expect(await sampleProblems(volume(), 10, signal)).toEqual([]);
    await rm(record);
    await mkdir(record);
    expect(await sampleProblems(volume(), 10, signal)).toEqual([]);
  });

  it('can be read again whatever its names are', async () => {
    await mkdir(volume());
    for (let number = 0; number < 1000; number += 1) {
      await write(`${'\u0001'.repeat(240)}${number}`, 'content');
    }
    await sampled();
    const text = await readFile(`${volume()}/.pillion/sample.json`, 'utf8');
    const { files } = JSON.parse(text) as { files: { path: string }[] };
    await write(files[0]?.path ?? '', 'CONTENT');
    expect(await sampleProblems(volume(), 1000, signal)).toHaveLength(1);
    expect(files.length).toBeGreaterThan(400);
  });

  it('has no file of which a change could go unseen', async () => {
    await mkdir(volume());
    await write('old', 'x');
    // Of the future, as a clock that was set back makes it: it may be changed again without another time.
    await writeFile(`${volume()}/future`, 'x');
    await utimes(`${volume()}/future`, 4e9, 4e9);
    expect(await sampled()).toBe(1);
  });

  it('does not follow what was put in the place of a directory', async () => {
    await mkdir(`${volume()}/sub`, { recursive: true });
    await write('sub/b', 'content');
    await sampled();
    await rm(`${volume()}/sub`, { recursive: true });
    await mkdir(temp.join('elsewhere'));
    await writeFile(temp.join('elsewhere/b'), 'CONTENT');
    await utimes(temp.join('elsewhere/b'), LONG_AGO, LONG_AGO);
    await symlink(temp.join('elsewhere'), `${volume()}/sub`);
    expect(await sampleProblems(volume(), 10, signal)).toEqual([]);
  });
});

describe('files of a manifest', () => {
  const entry = (number: number): Entry => ({
    type: 'file',
    path: bytePath(`f${String(number).padStart(6, '0')}`),
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 1n,
    size: 1,
    sha256: 'a'.repeat(64),
    links: undefined,
    isChanging: false,
    identity: undefined,
  });

  it('are picked from all of it, always the same, and others of another', () => {
    const path = temp.join('manifest');
    const writer = createManifestWriter(path);
    writer.add({ type: 'directory', path: '', mode: 0o755, uid: 0, gid: 0, mtimeNs: 1n });
    Array.from({ length: 20_000 }, (_, number) => writer.add(entry(number)));
    writer.finish();
    const picked = pickFiles(path, 100, 'seed').map((file) => file.path);
    expect(new Set(picked).size).toBe(100);
    expect(pickFiles(path, 100, 'seed').map((file) => file.path)).toEqual(picked);
    expect(pickFiles(path, 100, 'other').map((file) => file.path)).not.toEqual(picked);
    const quarters = [0, 1, 2, 3].map(
      (quarter) => picked.filter((name) => Math.floor(Number(name.slice(1)) / 5000) === quarter).length,
    );
    expect(Math.min(...quarters)).toBeGreaterThan(5);
  });

  it('are all there is of a small one, and none of what is no manifest', async () => {
    const path = temp.join('manifest');
    const writer = createManifestWriter(path);
    writer.add(entry(1));
    writer.add({ ...entry(2), sha256: undefined, isChanging: true } as Entry);
    writer.add(entry(3));
    writer.finish();
    expect(
      pickFiles(path, 100, 'seed')
        .map((file) => file.path)
        .toSorted(),
    ).toEqual(['f000001', 'f000003']);
    await appendFile(temp.join('garbage'), 'x\n'.repeat(1_000_000));
    expect(pickFiles(temp.join('garbage'), 10, 'seed')).toEqual([]);
  });
});
