import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  appendFile,
  chmod,
  link,
  lstat,
  mkdir,
  rename,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fileTick } from '../../../test/support/file-tick.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { makeOddTree } from '../testing/odd-tree.ts';
import { fingerprintOf } from './fingerprint.ts';
import { scanVolume } from './scan.ts';

const temp = useTempDir();
const signal = new AbortController().signal;
const volume = () => temp.join('volume');
const at = (path: string) => `${volume()}/${path}`;
const fingerprint = (exclude: readonly string[] = []) => fingerprintOf(volume(), { signal, exclude });

async function makeSmall(): Promise<void> {
  await mkdir(at('d/e'), { recursive: true });
  await writeFile(at('a'), 'a');
  await writeFile(at('d/b'), 'bb');
  await symlink('a', at('l'));
  await utimes(at('a'), 1e9, 1e9);
}

describe('the fingerprint of a tree', () => {
  it('is that of its scan as long as nothing changes, with patterns too', async () => {
    makeOddTree(volume());
    const scanned = await scanVolume(volume(), temp.join('manifest'), { signal, exclude: ['*.tmp'] });
    expect(await fingerprint(['*.tmp'])).toBe(scanned.fingerprint);
    await appendFile(at('x.tmp'), 'left out, but its directory has changed');
    expect(await fingerprint(['*.tmp'])).not.toBe(scanned.fingerprint);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'content of the same size and time',
      async () => {
        await writeFile(at('a'), 'A');
        await utimes(at('a'), 1e9, 1e9);
      },
    ],
    ['a mode', () => chmod(at('d/b'), 0o600)],
    ['the mode of a directory', () => chmod(at('d/e'), 0o700)],
    ['a new name', () => link(at('a'), at('d/e/a'))],
    ['a name that has gone', () => unlink(at('l'))],
    ['another name', () => rename(at('d/b'), at('d/c'))],
    [
      'another target of a link',
      async () => {
        await unlink(at('l'));
        await symlink('b', at('l'));
      },
    ],
    ['a FIFO', async () => spawnSync('mkfifo', [at('d/fifo')])],
  ])('changes with %s', async (_, change) => {
    await makeSmall();
    const before = await fingerprint();
    await fileTick(at('a'), temp.join('clock'));
    await change();
    expect(await fingerprint()).not.toBe(before);
  });
});

describe('a scan', () => {
  it('leaves the times at which files were used as they are', async () => {
    await makeSmall();
    const used = async () => (await lstat(at('a'), { bigint: true })).atimeNs;
    const before = await used();
    await scanVolume(volume(), temp.join('manifest'), { signal, exclude: [] });
    expect(await used()).toBe(before);
  });
});

describe('a second scan', () => {
  it('writes the lines of the first again, of names and groups of every kind', async () => {
    makeOddTree(volume());
    await scanVolume(volume(), temp.join('first'), { signal, exclude: [] });
    const lines = (name: string) =>
      readFileSync(temp.join(name), 'latin1').replaceAll(',recent', '').split('\n').slice(0, -2);
    const zero = `sha256=${'0'.repeat(64)}`;
    // A hash that only the earlier manifest can have.
    const forged = lines('first').map((line) => line.replace(/sha256=\w{64}/, zero));
    await writeFile(temp.join('forged'), `${forged.join('\n')}\n`, 'latin1');
    await scanVolume(volume(), temp.join('second'), { signal, exclude: [], previous: temp.join('forged') });
    expect(lines('second')).toEqual(forged);
  });
});
