import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { readBelow, withDirectory, withMadeDirectory } from './below.ts';
import { type ForeignDirectory, openForeignRoot } from './directory.ts';
import { switchSymlinkIn } from './switch-symlink.ts';

const temp = useTempDir();

async function withRoot<T>(use: (root: ForeignDirectory) => Promise<T>): Promise<T> {
  await mkdir(temp.join('root'), { recursive: true });
  const root = await openForeignRoot(temp.join('root'));
  try {
    return await use(root);
  } finally {
    await root.close();
  }
}

/** One of each kind of entry that is no regular file. */
async function makeOddEntries(): Promise<readonly string[]> {
  await mkdir(temp.join('root/directory'), { recursive: true });
  await writeFile(temp.join('outside'), 'outside\n');
  await symlink(temp.join('outside'), temp.join('root/link'));
  await symlink('loop', temp.join('root/loop'));
  spawnSync('mkfifo', [temp.join('root/fifo')]);
  return ['directory', 'link', 'loop', 'fifo'];
}

describe('reading', () => {
  it('gives the bytes of a regular file, and what else there may be by its kind, without waiting', async () => {
    const odd = await makeOddEntries();
    await writeFile(temp.join('root/file'), 'text\n');
    await withRoot(async (root) => {
      expect(await root.read('file')).toEqual({ kind: 'file', bytes: Buffer.from('text\n') });
      expect(await root.readText('file')).toBe('text\n');
      expect(await root.read('nothing')).toEqual({ kind: 'missing' });
      for (const name of odd) {
        expect(await root.read(name), name).toEqual({ kind: 'not-a-file' });
      }
    });
  });

  it('stops at its limit', async () => {
    await mkdir(temp.join('root'));
    await writeFile(temp.join('root/file'), 'x'.repeat(100));
    await withRoot(async (root) => {
      expect(await root.read('file', { maxBytes: 99 })).toEqual({ kind: 'too-large' });
      expect((await root.read('file', { maxBytes: 100 })).kind).toBe('file');
    });
  });

  it('does not follow links on the way', async () => {
    await mkdir(temp.join('outside'), { recursive: true });
    await writeFile(temp.join('outside/file'), 'secret');
    await withRoot(async (root) => {
      await symlink(temp.join('outside'), temp.join('root/a'));
      expect(await readBelow(root, 'a/file')).toEqual({ kind: 'missing' });
      expect(await withDirectory(root, 'a', async (directory) => directory)).toBeUndefined();
    });
  });
});

describe('writing', () => {
  it('replaces a link, a FIFO and a file without touching what they lead to', async () => {
    await makeOddEntries();
    await withRoot(async (root) => {
      for (const name of ['link', 'loop', 'fifo', 'new']) {
        await root.write(name, 'mine\n', { mode: 0o644 });
        expect(await root.readText(name), name).toBe('mine\n');
      }
      await expect(root.write('directory', 'x')).rejects.toMatchObject({ code: 'write_failed' });
    });
    expect(await readFile(temp.join('outside'), 'utf8')).toBe('outside\n');
  });

  it('makes the directories that are missing, and refuses one that is a link', async () => {
    await mkdir(temp.join('outside'));
    await withRoot(async (root) => {
      await withMadeDirectory(root, 'a/b', 0o777, (made) => made.write('c', 'deep\n'));
      expect(await readFile(temp.join('root/a/b/c'), 'utf8')).toBe('deep\n');
      await symlink(temp.join('outside'), temp.join('root/out'));
      const made = withMadeDirectory(root, 'out/c', 0o777, async () => 'made');
      await expect(made).rejects.toMatchObject({ code: 'not_a_directory' });
    });
    expect(await readdir(temp.join('outside'))).toEqual([]);
  });

  it('stays in the directory that was opened, whatever takes its name', async () => {
    await mkdir(temp.join('root/a'), { recursive: true });
    await mkdir(temp.join('outside'));
    await withRoot(async (root) => {
      const directory = await root.open('a');
      await rename(temp.join('root/a'), temp.join('root/b'));
      await symlink(temp.join('outside'), temp.join('root/a'));
      await directory?.write('file', 'mine\n');
      await (directory && switchSymlinkIn(directory, 'latest', 'file'));
      await directory?.close();
    });
    expect((await readdir(temp.join('root/b'))).toSorted()).toEqual(['file', 'latest']);
    expect(await readdir(temp.join('outside'))).toEqual([]);
  });

  it('names the path as others know it, never that of a descriptor', async () => {
    await makeOddEntries();
    await withRoot(async (root) => {
      const failures = [
        () => root.write('directory', 'x'),
        () => switchSymlinkIn(root, 'fifo', 'target'),
        () => withDirectory(root, 'directory', async (inside) => inside?.rename('gone', root, 'x')),
      ];
      for (const fail of failures) {
        const error: unknown = await fail().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(Error);
        expect(String(error)).not.toContain('/proc/');
        expect(JSON.stringify(error)).not.toContain('/proc/');
      }
    });
  });

  it('sets permissions and times of what is named, never of what a link leads to', async () => {
    await makeOddEntries();
    await writeFile(temp.join('root/file'), '');
    await writeFile(temp.join('root/directory/inner'), '');
    await symlink(temp.join('outside'), temp.join('root/directory/link'));
    await chmod(temp.join('outside'), 0o600);
    const long = new Date(1_000_000_000_000);
    await withRoot(async (root) => {
      expect(await root.chmod('file', 0o640)).toBe(true);
      expect(await root.chmodTree('directory', 0o711)).toBe(true);
      expect([await root.chmod('link', 0o777), await root.chmod('nothing', 0o777)]).toEqual([false, false]);
      for (const name of ['file', 'directory', 'link', 'fifo']) {
        expect(await root.utimes(name, long), name).toBe(true);
      }
      expect(await root.utimes('nothing', long)).toBe(false);
      await root.touch('new');
      await root.touch('fifo');
      expect((await root.stat('file'))?.mode).toBe(0o100640);
      expect((await root.stat('directory'))?.mode).toBe(0o40711);
      expect((await root.stat('link'))?.mtimeMs).toBe(long.getTime());
      expect((await root.stat('fifo'))?.mtimeMs).toBeGreaterThan(long.getTime());
      expect((await root.stat('new'))?.isFile()).toBe(true);
    });
    expect((await stat(temp.join('root/directory/inner'))).mode).toBe(0o100711);
    const outside = await stat(temp.join('outside'));
    expect([outside.mode, outside.mtimeMs === long.getTime()]).toEqual([0o100600, false]);
  });

  it('copies a private file in as a whole', async () => {
    await writeFile(temp.join('private'), 'index');
    await withRoot(async (root) => {
      await symlink(temp.join('elsewhere'), temp.join('root/index'));
      await root.copyIn(temp.join('private'), 'index');
      expect(await root.readText('index')).toBe('index');
    });
    expect(await readdir(temp.join('root'))).toEqual(['index']);
  });
});

describe('an open directory', () => {
  it('stays open for what was begun before it was closed, and refuses what comes after', async () => {
    await mkdir(temp.join('root'));
    await writeFile(temp.join('root/file'), 'text');
    const root = await openForeignRoot(temp.join('root'));
    const reads = Array.from({ length: 20 }, () => root.readText('file'));
    await root.close();
    expect(await Promise.all(reads)).toEqual(Array(20).fill('text'));
    await expect(root.readText('file')).rejects.toMatchObject({ code: 'directory_closed' });
  });

  it('refuses names that lead elsewhere', async () => {
    await withRoot(async (root) => {
      for (const name of ['', '.', '..', 'a/b', '/etc/passwd', 'a\0b']) {
        await expect((async () => root.read(name))(), name).rejects.toMatchObject({ code: 'bad_entry_name' });
      }
    });
  });

  it('tells links by themselves, lists no more than its limit and removes only what is named', async () => {
    await makeOddEntries();
    await withRoot(async (root) => {
      expect(await root.readlink('link')).toBe(temp.join('outside'));
      expect([await root.readlink('fifo'), await root.readlink('nothing')]).toEqual([undefined, undefined]);
      expect((await root.stat('link'))?.isSymbolicLink()).toBe(true);
      expect(await root.list(2)).toHaveLength(2);
      for (const name of ['link', 'fifo', 'directory', 'nothing']) {
        await root.remove(name);
      }
      expect((await root.list()).map(({ name }) => name)).toEqual(['loop']);
    });
    expect(await readFile(temp.join('outside'), 'utf8')).toBe('outside\n');
  });

  it('removes an empty directory on request, and then nothing else', async () => {
    await makeOddEntries();
    await mkdir(temp.join('root/full/inside'), { recursive: true });
    await writeFile(temp.join('root/file'), '');
    await withRoot(async (root) => {
      for (const name of ['directory', 'full', 'file', 'link', 'fifo', 'nothing']) {
        await root.removeIfEmpty(name);
      }
      expect((await root.list()).map(({ name }) => name).toSorted()).toEqual([
        'fifo',
        'file',
        'full',
        'link',
        'loop',
      ]);
    });
  });

  it('is undefined where there is none, and makes one only where there is nothing', async () => {
    await makeOddEntries();
    await withRoot(async (root) => {
      for (const name of ['link', 'loop', 'fifo', 'nothing']) {
        expect(await root.open(name), name).toBeUndefined();
      }
      for (const name of ['link', 'loop', 'fifo']) {
        expect(await root.make(name), name).toBeUndefined();
      }
      const made = await root.make('made', 0o700);
      expect((await root.stat('made'))?.mode).toBe(0o40700);
      await made?.close();
    });
  });

  it('lets no other user in before it is unlocked, and is not made where something is', async () => {
    await withRoot(async (root) => {
      const modeOf = async (name: string) =>
        ((await stat(temp.join('root', name))).mode & 0o7777).toString(8);
      await chmod(temp.join('root'), 0o2755); // what is made here belongs to the group of the directory
      const { directory, unlock } = await root.makePrivate('made');
      expect(await modeOf('made')).toBe('2700');
      await expect(root.makePrivate('made')).rejects.toMatchObject({ code: 'write_failed' });
      await unlock();
      expect(await modeOf('made')).toBe('2755');
      expect(await directory.list()).toEqual([]);
      await directory.close();
    });
  });

  it('says which path could not be read or written', async () => {
    await mkdir(temp.join('root'));
    await rm(temp.join('root/x'), { force: true });
    await chmod(temp.join('root'), 0o755);
    await withRoot(async (root) => {
      await expect(root.rename('x', root, 'y')).rejects.toMatchObject({
        code: 'write_failed',
        message: expect.stringContaining(temp.join('root/x')),
      });
    });
  });
});
