import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { type ForeignDirectory, openForeignRoot } from '../core/foreign-files/directory.ts';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { readForeignRefs, readShallow } from './adopt.ts';
import { openSharedObjects, type SharedObjects } from './shared-objects.ts';

const temp = useTempDir();
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];

async function withObjects(
  isThorough: boolean,
  use: (objects: SharedObjects, gitDirectory: ForeignDirectory) => Promise<void>,
): Promise<string[]> {
  const { log, lines } = createRecordedLog();
  const gitDirectory = await openForeignRoot(temp.join('git'));
  const objects = await openSharedObjects(gitDirectory, { isThorough, view: temp.join('view') }, log);
  try {
    await use(objects, gitDirectory);
  } finally {
    await objects.close();
    await gitDirectory.close();
  }
  return lines;
}

async function list(path: string): Promise<string[]> {
  const names = await readdir(temp.join('git', path));
  return names.map((name) => name.replace(/-[0-9a-f]{16}$/, '')).toSorted();
}

describe('shared objects', () => {
  it('are made where there are none', async () => {
    await mkdir(temp.join('git'));
    const lines = await withObjects(false, async (objects, gitDirectory) => {
      expect(await readdir(objects.pathForChildren)).toEqual(['info', 'pack']);
      expect(await objects.isStillThere(gitDirectory)).toBe(true);
    });
    expect(lines).toEqual([]);
  });

  it('never lead outside: links and what git does not make are taken away and logged', async () => {
    await mkdir(temp.join('outside/pack'), { recursive: true });
    await writeFile(temp.join('outside/pack/tmp_pack_1'), 'not yours');
    await mkdir(temp.join('git/objects/info'), { recursive: true });
    await symlink(temp.join('outside/pack'), temp.join('git/objects/pack'));
    await symlink(temp.join('outside'), temp.join('git/objects/ab'));
    await writeFile(temp.join('git/objects/cd'), '');
    await writeFile(temp.join('git/objects/info/alternates'), `${temp.join('outside')}\n`);
    const lines = await withObjects(false, async () => {
      expect(await list('objects')).toEqual(['info', 'pack']);
      expect(await list('objects/info')).toEqual([]);
    });
    expect(lines).toHaveLength(4);
    expect(await readFile(temp.join('outside/pack/tmp_pack_1'), 'utf8')).toBe('not yours');
    await rename(temp.join('git/objects'), temp.join('git/moved'));
    await symlink(temp.join('outside'), temp.join('git/objects'));
    await withObjects(false, async () => {
      expect(await list('')).toEqual(['moved', 'objects', 'objects.set-aside']);
    });
    expect(await readdir(temp.join('outside'))).toEqual(['pack']);
  });

  it('hold nothing that git would wait for; among loose objects after a failure', async () => {
    await mkdir(temp.join('git/objects/ab'), { recursive: true });
    await mkdir(temp.join('git/objects/pack'));
    spawnSync('mkfifo', [temp.join('git/objects/pack/pack-1.idx'), temp.join('git/objects/ab/1234')]);
    await writeFile(temp.join('git/objects/ab/5678'), '');
    await withObjects(false, async () => {
      expect([await list('objects/pack'), await list('objects/ab')]).toEqual([[], ['1234', '5678']]);
    });
    await withObjects(true, async () => {
      expect(await list('objects/ab')).toEqual(['5678']);
    });
  });

  it('stay the same under another name, and say so', async () => {
    await mkdir(temp.join('git'));
    await withObjects(false, async (objects, gitDirectory) => {
      await rename(temp.join('git/objects'), temp.join('git/moved'));
      await mkdir(temp.join('git/objects'));
      expect(await objects.isStillThere(gitDirectory)).toBe(false);
      expect(await readdir(objects.pathForChildren)).toEqual(['info', 'pack']);
    });
  });

  it('take what git writes into the directories that were opened, whatever stands in their places', async () => {
    await mkdir(temp.join('git/objects/pack'), { recursive: true });
    await mkdir(temp.join('git/objects/ab'));
    await writeFile(temp.join('git/objects/ab/1234'), 'loose');
    await mkdir(temp.join('outside'));
    await withObjects(false, async (objects, gitDirectory) => {
      for (const name of ['pack', 'ab']) {
        await rename(temp.join('git/objects', name), temp.join('git', `${name}-moved`));
        await symlink(temp.join('outside'), temp.join('git/objects', name));
        await writeFile(join(objects.pathForChildren, name, 'written'), '');
      }
      expect([await list('pack-moved'), await list('ab-moved')]).toEqual([['written'], ['1234', 'written']]);
      expect(await objects.isStillThere(gitDirectory)).toBe(false);
    });
    expect(await readdir(temp.join('outside'))).toEqual([]);
    expect(await readdir(temp.path)).not.toContain('view');
  });

  it('take in loose objects that somebody adds, and lead no more to those that were taken away', async () => {
    await mkdir(temp.join('git/objects/ab'), { recursive: true });
    await writeFile(temp.join('git/objects/ab/1234'), '');
    await withObjects(false, async (objects, gitDirectory) => {
      await rename(temp.join('git/objects/ab'), temp.join('git/objects/cd'));
      await mkdir(temp.join('git/objects/ef')); // git leaves it when it has packed what was in it
      expect(await objects.isStillThere(gitDirectory)).toBe(true);
      expect(await readdir(objects.pathForChildren)).toEqual(['cd', 'info', 'pack']);
      expect(await readdir(join(objects.pathForChildren, 'cd'))).toEqual(['1234']);
      expect(await list('objects')).toEqual(['cd', 'info', 'pack']);
    });
  });
});

describe('what is taken over from a root', () => {
  it('is nothing but object names', async () => {
    await mkdir(temp.join('git/refs/heads/deep'), { recursive: true });
    await writeFile(temp.join('git/shallow'), `${A}\nevil\n${B.toUpperCase()}\n${'d'.repeat(64)}\n${A}\n`);
    await writeFile(temp.join('git/refs/heads/deep/main'), `${A}\n`);
    await writeFile(temp.join('git/refs/heads/broken'), 'ref: /etc/passwd\n');
    await writeFile(temp.join('git/packed-refs'), `# pack-refs\n${B} refs/tags/v1\n^${C}\nxyz\n`);
    const root = await openForeignRoot(temp.join('git'));
    expect(await readShallow(root, 'sha1')).toEqual([A]);
    expect(await readShallow(root, 'sha256')).toEqual(['d'.repeat(64)]);
    expect((await readForeignRefs(root, 'sha1')).toSorted()).toEqual([A, B, C]);
    await root.close();
  });

  it('is nothing where links, FIFOs and directories stand', async () => {
    await mkdir(temp.join('git/packed-refs'), { recursive: true });
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside/ref'), `${A}\n`);
    await symlink(temp.join('outside'), temp.join('git/refs'));
    spawnSync('mkfifo', [temp.join('git/shallow')]);
    const root = await openForeignRoot(temp.join('git'));
    expect(await readShallow(root, 'sha1')).toEqual([]);
    expect(await readForeignRefs(root, 'sha1')).toEqual([]);
    await root.close();
  });
});
