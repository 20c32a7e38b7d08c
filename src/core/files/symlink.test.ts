import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { switchSymlink } from '../files.ts';

describe('switchSymlink', () => {
  it('makes a link and switches it, keeping the target as given', async () => {
    const directory = await temporaryDirectory();
    const link = join(directory, 'current');
    for (const target of ['.worktrees/a', '/absolute/b', '../c']) {
      await switchSymlink(link, target);
      expect(await readlink(link)).toBe(target);
    }
    expect(await readdir(directory)).toEqual(['current']);
  });

  it('does not follow a link that leads to a directory', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'old'));
    await switchSymlink(join(directory, 'current'), 'old');
    await switchSymlink(join(directory, 'current'), 'new');
    expect(await readdir(join(directory, 'old'))).toEqual([]);
  });

  it('leaves a file or a directory in its place alone and says so', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), 'precious');
    await mkdir(join(directory, 'folder'));
    for (const name of ['file', 'folder']) {
      await expect(switchSymlink(join(directory, name), 'target')).rejects.toMatchObject({
        code: 'link_not_symlink',
      });
    }
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('precious');
    expect((await readdir(directory)).sort()).toEqual(['file', 'folder']);
  });

  it('says what to try when the directory is missing', async () => {
    const link = join(await temporaryDirectory(), 'gone', 'current');
    const facts = { systemCode: 'ENOENT' };
    await expect(switchSymlink(link, 'target')).rejects.toMatchObject({ code: 'switch_failed', facts });
  });
});
