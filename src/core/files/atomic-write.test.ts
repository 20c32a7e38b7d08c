import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleProgram, ENV, fixture, temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { run, tryRun } from '../exec/run.ts';
import { readTextIfExists, removeTemporaryFiles, temporaryName, writeFileAtomic } from '../files.ts';

/** A mount namespace of its own, also for a user without privileges where the kernel allows that. */
const NEW_MOUNTS = process.geteuid?.() === 0 ? ['-m'] : ['-rm'];
const mountTrial = [...NEW_MOUNTS, 'mount', '-t', 'tmpfs', 'none', '/mnt'];
const canMount = (await tryRun('unshare', mountTrial, { env: ENV })).exitCode === 0;

describe('writeFileAtomic', () => {
  it('makes a file for its owner only, unless told otherwise', async () => {
    const path = join(await temporaryDirectory(), 'users.txt');
    await writeFileAtomic(path, 'secret');
    expect((await stat(path)).mode & 0o7777).toBe(0o600);
  });

  it('sets exactly the mode it was told, whatever the umask', async () => {
    const path = join(await temporaryDirectory(), 'file');
    for (const mode of [0o666, 0o640, 0o2664]) {
      await writeFileAtomic(path, 'x', { mode });
      expect((await stat(path)).mode & 0o7777).toBe(mode);
    }
  });

  it('replaces the content, and leaves an open reader the former one', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'file');
    await writeFileAtomic(path, 'first');
    await writeFileAtomic(path, Buffer.from('second'), { fsync: false });
    expect(await readFile(path, 'utf8')).toBe('second');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('replaces a symbolic link itself, never what it points to', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'precious'), 'precious');
    await symlink('precious', join(directory, 'file'));
    await writeFileAtomic(join(directory, 'file'), 'new');
    expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('precious');
  });

  it('says what to try when it fails, and leaves nothing behind', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'taken'));
    await expect(writeFileAtomic(join(directory, 'taken'), 'x')).rejects.toMatchObject({
      code: 'write_failed',
      facts: { systemCode: 'EISDIR' },
    });
    expect(await readdir(directory)).toEqual(['taken']);
    await expect(writeFileAtomic(join(directory, 'gone', 'file'), 'x')).rejects.toMatchObject({
      code: 'write_failed',
      hint: expect.stringContaining('create the directory'),
      facts: { systemCode: 'ENOENT' },
    });
  });

  it.skipIf(!canMount)('leaves the former content when the disk is full', async () => {
    const directory = await temporaryDirectory();
    const source = fixture('../../files/fixtures/fill-disk.ts');
    const program = await bundleProgram(source, await temporaryDirectory());
    const script = 'mount -t tmpfs -o size=64k none "$1" && exec "$0" "$2" "$1"';
    const args = [...NEW_MOUNTS, 'sh', '-c', script, process.execPath, directory, program];
    const { stdout } = await run('unshare', args, { env: ENV });
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'write_failed', facts: { systemCode: 'ENOSPC' } },
      content: 'first',
      entries: ['file'],
    });
  });

  it('gives whatever was written last, with its mode, and leaves nothing else', async () => {
    const directory = await temporaryDirectory();
    const version = fc.record({
      name: fc.constantFrom('a', 'b', '.hidden', 'ü'),
      data: fc.uint8Array({ maxLength: 300 }),
      mode: fc.constantFrom(0o600, 0o640, 0o644, 0o755),
      fsync: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(version, { minLength: 1, maxLength: 8 }), async (versions) => {
        const latest = new Map<string, { data: Uint8Array; mode: number }>();
        for (const { name, data, mode, fsync } of versions) {
          await writeFileAtomic(join(directory, name), data, { mode, fsync });
          latest.set(name, { data, mode });
        }
        for (const [name, { data, mode }] of latest) {
          expect(new Uint8Array(await readFile(join(directory, name)))).toEqual(data);
          expect((await stat(join(directory, name))).mode & 0o7777).toBe(mode);
        }
        expect((await readdir(directory)).filter((name) => name.includes('pillion'))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('takes names as long as the file system does', async () => {
    const directory = await temporaryDirectory();
    const name = 'ü'.repeat(127);
    await writeFileAtomic(join(directory, name), 'x');
    expect(await readdir(directory)).toEqual([name]);
  });
});

describe('removeTemporaryFiles', () => {
  it('removes what a crash left of this name, and nothing that looks like it', async () => {
    const directory = await temporaryDirectory();
    const kept = ['.a.pillion-short.tmp', 'a', 'a.pillion-0123456789abcdef.tmp', temporaryName('a.b')];
    for (const name of kept) {
      await writeFile(join(directory, name), '');
    }
    await mkdir(join(directory, temporaryName('a')));
    const leftovers = [temporaryName('a'), temporaryName('a')];
    await writeFile(join(directory, leftovers[0] ?? ''), '');
    await symlink('nowhere', join(directory, leftovers[1] ?? ''));
    expect((await removeTemporaryFiles(directory, 'a')).sort()).toEqual(leftovers.sort());
    expect(await readdir(directory)).toHaveLength(kept.length + 1);
  });

  it('finds nothing in a directory that does not exist', async () => {
    expect(await removeTemporaryFiles(join(await temporaryDirectory(), 'gone'), 'a')).toEqual([]);
  });
});

describe('readTextIfExists', () => {
  it('gives the text, or undefined when there is no file', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), 'grüße');
    expect(await readTextIfExists(join(directory, 'file'))).toBe('grüße');
    expect(await readTextIfExists(join(directory, 'gone'))).toBeUndefined();
  });

  it('joins characters over the borders of its reads', async () => {
    const path = join(await temporaryDirectory(), 'file');
    const text = '€'.repeat(50_000);
    await writeFile(path, text);
    expect(await readTextIfExists(path)).toBe(text);
  });

  it('refuses to read without end', async () => {
    await expect(readTextIfExists('/dev/zero')).rejects.toMatchObject({ code: 'file_too_large' });
  });

  it('reports a directory as what it is', async () => {
    const facts = { systemCode: 'EISDIR' };
    await expect(readTextIfExists(await temporaryDirectory())).rejects.toMatchObject({
      code: 'read_failed',
      facts,
    });
  });
});
