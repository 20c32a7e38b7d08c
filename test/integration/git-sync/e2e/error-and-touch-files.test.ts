import { chmod, mkdir, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait-for.ts';
import { isThere, makeScene, type OwningTest } from './scene.ts';

describe('--error-file', () => {
  it('holds the last error until a sync succeeds (export_error)', async (test) => {
    const scene = await makeScene(test);
    const file = path.join(scene.root, 'error.json');
    await scene.mustFail(['--ref=does-not-exist', '--error-file=error.json']);
    expect(await readFile(file, 'utf8')).toContain("couldn't find remote ref");
    await scene.once(['--error-file=error.json']);
    expect(await scene.read()).toBe('first');
    expect(await isThere(file)).toBe(false);
  });

  it('may stand at an absolute path whose directory is not there (export_error_abs_path)', async (test) => {
    const scene = await makeScene(test);
    const file = path.join(scene.root, 'dir', 'error.json');
    await scene.mustFail(['--ref=does-not-exist', `--error-file=${file}`]);
    expect(await readFile(file, 'utf8')).toContain("couldn't find remote ref");
  });

  it('is one JSON object with Msg, Err and Args, which anybody may read', async (test) => {
    const scene = await makeScene(test);
    const file = path.join(scene.root, 'error.json');
    await scene.mustFail([
      '--ref=does-not-exist',
      '--error-file=error.json',
      '--max-failures=2',
      '--period=10ms',
    ]);
    const text = await readFile(file, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      Msg: 'too many failures, aborting',
      Err: expect.stringMatching(
        /^Run\(git fetch .*\): exit status 128: \{ stdout: ".*", stderr: ".*couldn't find/s,
      ),
      Args: { failCount: 2, maxFailures: 2 },
    });
    expect(text).not.toMatch(/\n$/);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('644');
    expect((await readdir(scene.root)).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('is written while a failing sync goes on, stays over a start, and goes with the next success', async (test) => {
    const scene = await makeScene(test, '1');
    const file = path.join(scene.root, 'error.json');
    const flags = ['--error-file=error.json', '--period=50ms', '--max-failures=-1'];
    await scene.mustFail(['--ref=does-not-exist', '--error-file=error.json']);
    const sync = await scene.start([...flags, '--ref=later']);
    await sync.waitForLog('"failCount":2');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ Msg: 'error syncing repo, will retry' });
    await scene.repo.setBranch('later');
    await sync.synced();
    await waitFor(async () => !(await isThere(file)), { what: 'the error file to go' });
  });

  it('says in plain words what is wrong with the configuration', async (test) => {
    const scene = await makeScene(test);
    const { code } = await scene.run(['--period=1ms', '--error-file=error.json']);
    expect(code).toBe(1);
    const text = await readFile(path.join(scene.root, 'error.json'), 'utf8');
    expect(text).toContain('--period');
    expect(() => JSON.parse(text) as unknown).toThrow();
  });
});

describe.each(['error-file', 'touch-file'])('a --%s that is the published link by another name', (flag) => {
  it('is refused at the start, and what is published stays', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    const before = await readlink(scene.link);
    const alias = scene.join('alias');
    await symlink(scene.root, alias);
    const name = path.join(alias, path.basename(scene.link));
    const { code, stderr } = await scene.run(['--one-time', `--${flag}=${name}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('"code":"file_is_link"');
    expect(await readlink(scene.link)).toBe(before);
    // Nor does a complaint about something else take its place.
    await scene.run(['--period=1ms', `--${flag}=${name}`]);
    expect(await readlink(scene.link)).toBe(before);
  });
});

describe('--touch-file', () => {
  const expectTouchedAtEachChange = async (test: OwningTest, name: string, isAbsolute: boolean) => {
    const scene = await makeScene(test, '1');
    const file = path.join(scene.root, name);
    const flag = isAbsolute ? file : name;
    const sync = await scene.start(['--period=100ms', `--touch-file=${flag}`]);
    for (const [text, step] of [
      ['1', async () => {}],
      ['2', async () => scene.commit('2')],
      ['1', async () => scene.moveBack()],
    ] as const) {
      await step();
      await waitFor(async () => isThere(file), { what: `${file} for ${text}` });
      await rm(file);
      expect(await scene.read()).toBe(text);
      await sync.passes();
      expect(await isThere(file)).toBe(false);
    }
  };

  it('relative to the root is touched at each change and only then (touch_file)', async (test) => {
    await expectTouchedAtEachChange(test, 'touch.file', false);
  });

  it('at an absolute path whose directory is not there is touched likewise (touch_file_abs_path)', async (test) => {
    await expectTouchedAtEachChange(test, 'dir/touch.file', true);
  });

  it('that is there already gets a new time at the first sync of each start', async (test) => {
    const scene = await makeScene(test);
    const file = path.join(scene.root, 'touch.file');
    await scene.once(['--touch-file=touch.file']);
    const { mtimeMs } = await stat(file);
    await scene.once(['--touch-file=touch.file']);
    expect((await stat(file)).mtimeMs).toBeGreaterThan(mtimeMs);
  });

  it('that cannot be touched is logged, and the sync goes on', async (test) => {
    const scene = await makeScene(test);
    // A directory cannot be opened for writing, whoever asks.
    const file = path.join(scene.root, 'touch.dir');
    await mkdir(file);
    await chmod(file, 0o755);
    const { stderr } = await scene.once([`--touch-file=${file}`]);
    expect(stderr).toContain('"msg":"failed to touch touch-file"');
    expect(await scene.read()).toBe('first');
  });
});
