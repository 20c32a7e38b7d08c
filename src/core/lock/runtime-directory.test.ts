import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundleProgram, fixture, temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { createRuntimeDirectory } from './runtime-directory.ts';

async function makeIn(place: string) {
  const directory = await createRuntimeDirectory('test', [{ path: place }]);
  onTestFinished(() => directory.remove());
  return directory;
}

describe('the runtime directory', () => {
  it('is for its owner only, and gone when it is removed', async () => {
    const place = await temporaryDirectory();
    const directory = await makeIn(place);
    expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
    expect(directory.path.startsWith(`${place}/.pillion-test-`)).toBe(true);
    await writeFile(join(directory.path, 'key'), 'secret');
    await directory.remove();
    expect(await readdir(place)).toEqual([]);
  });

  it('is made in the first place that can be written, and says who else sees a shared one', async () => {
    const place = await temporaryDirectory();
    await writeFile(join(place, 'file'), '');
    const directory = await createRuntimeDirectory('test', [
      { path: undefined },
      { path: '' },
      { path: `/${'x'.repeat(80)}` },
      { path: join(place, 'file') },
      { path: join(place, 'gone') },
      { path: place, sharedWith: 'all containers of the pod' },
    ]);
    expect(directory).toMatchObject({ sharedWith: 'all containers of the pod' });
    await directory.remove();
    await expect(createRuntimeDirectory('test', [{ path: join(place, 'gone') }])).rejects.toMatchObject({
      code: 'no_runtime_directory',
      hint: expect.stringContaining('TMPDIR'),
    });
  });

  it('of a killed owner is removed by the next, one that lives or is just being made is not', async () => {
    const place = await temporaryDirectory();
    const program = await bundleProgram(
      fixture('../../lock/fixtures/make-runtime-directory.ts'),
      await temporaryDirectory(),
    );
    const owner = spawn(process.execPath, [program, place]);
    await once(owner.stdout, 'data');
    const [left] = await readdir(place);
    const alive = await makeIn(place);
    await mkdir(join(place, '.pillion-test-being-made'));
    await mkdir(join(place, '.pillion-test-half-made'));
    const old = Date.now() / 1000 - 61;
    await utimes(join(place, '.pillion-test-half-made'), old, old);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await makeIn(place);
    const names = await readdir(place);
    expect(names).not.toContain(left);
    expect(names).not.toContain('.pillion-test-half-made');
    expect(names).toContain('.pillion-test-being-made');
    expect(names.map((name) => join(place, name))).toContain(alive.path);
  });
});
