import { mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { prepareRoot } from './root.ts';

const dir = useTempDir();
const { log } = createRecordedLog();

describe('a root', () => {
  it('is made where it is missing, and is where its links lead', async () => {
    expect(await prepareRoot(dir.join('a/b'), log)).toBe(await realpath(dir.join('a/b')));
    await symlink('a', dir.join('link'));
    expect(await prepareRoot(dir.join('link'), log)).toBe(await realpath(dir.join('a')));
  });

  it('is never the whole file system, by whatever name', async () => {
    const before = await readdir('/');
    await symlink('/', dir.join('link'));
    for (const path of ['/', '/usr/..', dir.join('link')]) {
      await expect(prepareRoot(path, log)).rejects.toMatchObject({ code: 'root_is_everything' });
    }
    expect(await readdir('/')).toEqual(before);
  });

  it('that is a file, or below one, is called so', async () => {
    await mkdir(dir.join('in'));
    await writeFile(dir.join('in/file'), 'x');
    for (const path of [dir.join('in/file'), dir.join('in/file/below')]) {
      await expect(prepareRoot(path, log)).rejects.toMatchObject({
        code: 'root_not_writable',
        message: `cannot use the root ${path}: there is a file where a directory is needed`,
      });
    }
  });
});
