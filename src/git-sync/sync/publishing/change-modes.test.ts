import { lstat, mkdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { changeModes } from './change-modes.ts';

const dir = useTempDir();

const change = (mode: number) => withForeignRoot(dir.path, (root) => changeModes(root, 'tree', mode));

const modeOf = async (path: string | Buffer) => ((await stat(path)).mode & 0o7777).toString(8);

describe('-change-permissions', () => {
  it('gives every file and directory the mode, the tree itself too', async () => {
    await mkdir(dir.join('tree/a/b'), { recursive: true });
    await writeFile(dir.join('tree/a/b/file'), '', { mode: 0o600 });
    await writeFile(dir.join('tree/run'), '', { mode: 0o755 });
    await change(0o750);
    const modes = ['tree', 'tree/a', 'tree/a/b', 'tree/a/b/file', 'tree/run'].map(async (name) =>
      modeOf(dir.join(name)),
    );
    expect(await Promise.all(modes)).toEqual(['750', '750', '750', '750', '750']);
  });

  it('follows no symbolic link, to a file or a directory outside', async () => {
    await mkdir(dir.join('outside'));
    await writeFile(dir.join('outside/file'), '', { mode: 0o600 });
    await mkdir(dir.join('tree'));
    await symlink(dir.join('outside/file'), dir.join('tree/to-file'));
    await symlink(dir.join('outside'), dir.join('tree/to-directory'));
    await symlink('nowhere', dir.join('tree/dangling'));
    await change(0o777);
    expect([await modeOf(dir.join('outside')), await modeOf(dir.join('outside/file'))]).toEqual([
      '755',
      '600',
    ]);
    expect(await readlink(dir.join('tree/dangling'))).toBe('nowhere');
  });

  it('changes nothing outside when a link stands in the place of the tree, or on the way to it', async () => {
    await mkdir(dir.join('outside/tree'), { recursive: true });
    await writeFile(dir.join('outside/tree/file'), '', { mode: 0o600 });
    await symlink(dir.join('outside'), dir.join('.worktrees'));
    await symlink(dir.join('outside/tree'), dir.join('tree'));
    await change(0o777);
    await withForeignRoot(dir.path, (root) => changeModes(root, '.worktrees/tree', 0o777));
    const modes = await Promise.all(
      ['outside/tree', 'outside/tree/file'].map((name) => modeOf(dir.join(name))),
    );
    expect(modes).toEqual(['755', '600']);
  });

  it('takes names that are not UTF-8 for what they are', async () => {
    await mkdir(dir.join('tree'));
    const odd = Buffer.concat([Buffer.from(dir.join('tree/')), Buffer.from([0xff, 0xfe, 0x61])]);
    await writeFile(odd, '');
    await change(0o711);
    expect(await modeOf(odd)).toBe('711');
  });

  it('of 0 leaves everything alone', async () => {
    await mkdir(dir.join('tree'), { mode: 0o700 });
    const before = await lstat(dir.join('tree'));
    await change(0);
    expect((await lstat(dir.join('tree'))).ctimeMs).toBe(before.ctimeMs);
  });
});
