import { lstat, mkdir, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { git } from '../../test/support/git.ts';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { countEntries, type IndexEntry, readIndex } from './index-entries.ts';
import type { ObjectFormat } from './object-name.ts';

const temp = useTempDir();
const { signal } = new AbortController();

async function makeIndex(format: ObjectFormat, count: number, version = 2): Promise<string> {
  await git(temp.path, 'init', '-q', `--object-format=${format}`, '.');
  const directory = 'd'.repeat(200);
  await mkdir(temp.join(directory));
  for (let index = 0; index < count; index += 1) {
    await writeFile(temp.join(directory, `${'é'.repeat(index % 9)}${index}`), 'x'.repeat(index));
  }
  await git(temp.path, '-c', `index.version=${version}`, 'add', '.');
  return temp.join('.git/index');
}

async function entriesOf(path: string, format: ObjectFormat) {
  const entries: IndexEntry[] = [];
  const isWhole = await readIndex(path, format, signal, (entry) => entries.push(entry));
  return { isWhole, entries };
}

describe('the entries of an index', () => {
  // 600 of them are more than is read at a time.
  it.each(['sha1', 'sha256'] as const)('are those that git has written, with names of %s', async (format) => {
    const path = await makeIndex(format, 600);
    const { isWhole, entries } = await entriesOf(path, format);
    expect(isWhole).toBe(true);
    const names = (await git(temp.path, 'ls-files', '-z')).split('\0').filter(Boolean);
    expect(entries.map((entry) => Buffer.from(entry.path, 'latin1').toString())).toEqual(names);
    expect(await countEntries(path)).toBe(600);
    for (const entry of entries.slice(0, 20)) {
      const status = await lstat(temp.join(Buffer.from(entry.path, 'latin1').toString()), { bigint: true });
      expect(entry).toMatchObject({
        inode: Number(status.ino % 2n ** 32n),
        size: Number(status.size),
        uid: Number(status.uid),
        ctimeSeconds: Number(status.ctimeNs / 10n ** 9n),
        ctimeNanoseconds: Number(status.ctimeNs % 10n ** 9n),
      });
    }
  });

  it('of a version with shortened names are not read', async () => {
    const path = await makeIndex('sha1', 3, 4);
    expect(await entriesOf(path, 'sha1')).toEqual({ isWhole: false, entries: [] });
  });

  it('are not whole in a file that ends early, and there are none in something else or nothing', async () => {
    const path = await makeIndex('sha1', 50);
    await truncate(path, 2000);
    expect((await entriesOf(path, 'sha1')).isWhole).toBe(false);
    await writeFile(path, 'something else');
    expect(await entriesOf(path, 'sha1')).toEqual({ isWhole: false, entries: [] });
    expect((await entriesOf(temp.join('nothing'), 'sha1')).isWhole).toBe(false);
  });
});
