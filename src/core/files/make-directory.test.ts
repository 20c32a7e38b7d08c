import { stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { makeDirectory } from './make-directory.ts';

const temp = useTempDir();

describe('makeDirectory', () => {
  it('makes a directory with all those above it, and is content when they are there', async () => {
    await makeDirectory(temp.join('a/b/c'));
    await makeDirectory(temp.join('a/b/c'));
    expect((await stat(temp.join('a/b/c'))).isDirectory()).toBe(true);
  });

  it('is content with a link to a directory', async () => {
    await makeDirectory(temp.join('real'));
    await symlink('real', temp.join('link'));
    await makeDirectory(temp.join('link'));
    await makeDirectory(temp.join('link/below'));
    expect((await stat(temp.join('real/below'))).isDirectory()).toBe(true);
  });

  it('makes the same directory for many at the same time', async () => {
    const paths = Array.from({ length: 50 }, (_, index) => temp.join('x/y/z', String(index % 3)));
    await Promise.all(paths.map((path) => makeDirectory(path)));
    expect((await stat(temp.join('x/y/z/2'))).isDirectory()).toBe(true);
  });

  it('fails where a file is in the way', async () => {
    await writeFile(temp.join('file'), '');
    await expect(makeDirectory(temp.join('file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeDirectory(temp.join('file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('fails, and does not try for ever, where the system says that nothing can be made', async () => {
    await expect(makeDirectory('/proc/pillion')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(makeDirectory('/proc/pillion/a/b')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
