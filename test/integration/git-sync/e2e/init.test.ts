import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { isThere, makeScene } from './scene.ts';

/** What is published below a root that is not the usual one. */
async function readIn(root: string): Promise<string> {
  return readFile(path.join(root, 'link', 'file'), 'utf8');
}

describe('the first sync', () => {
  it('makes a root that does not exist (init_root_doesnt_exist)', async (test) => {
    const scene = await makeScene(test);
    await scene.once([`--root=${scene.root}/subdir`]);
    expect(await readIn(`${scene.root}/subdir`)).toBe('first\n');
  });

  it('fills a root that is empty (init_root_exists_empty)', async (test) => {
    const scene = await makeScene(test);
    await scene.once();
    expect(await scene.read()).toBe('first');
  });

  it('understands a root with dots all over it, relative to where it was started (init_root_flag_is_weird)', async (test) => {
    const scene = await makeScene(test);
    const up = '../'.repeat(12);
    await scene.once([`--root=${up}${scene.root}/../../../../../../..${scene.root}`]);
    expect(await scene.read()).toBe('first');
  });

  it('follows a root that is a symbolic link, and says so (init_root_flag_has_symlink)', async (test) => {
    const scene = await makeScene(test);
    await mkdir(`${scene.root}/subdir`);
    await symlink(`${scene.root}/subdir`, `${scene.root}/rootlink`);
    const { stderr } = await scene.once([`--root=${scene.root}/rootlink`]);
    expect(await readIn(`${scene.root}/subdir`)).toBe('first\n');
    expect(stderr).toContain('"msg":"normalized root path"');
  });

  it('works in a root with files in it, inside of another repository (init_root_is_under_another_repo)', async (test) => {
    const scene = await makeScene(test);
    const inner = path.join(scene.root, 'subdir', 'root');
    await mkdir(inner, { recursive: true });
    await writeFile(path.join(inner, 'file'), 'not empty\n');
    await git(path.dirname(inner), 'init', '--quiet');
    const before = await git(path.dirname(inner), 'config', '--list', '--local');
    await scene.once([`--root=${inner}`]);
    expect(await readIn(inner)).toBe('first\n');
    // Better than the original, which deletes the file.
    expect(await readFile(path.join(inner, 'file'), 'utf8')).toBe('not empty\n');
    expect(await git(path.dirname(inner), 'config', '--list', '--local')).toBe(before);
  });

  it('works in a root whose .git is broken (init_root_fails_sanity)', async (test) => {
    const scene = await makeScene(test);
    await git(scene.root, 'init', '--quiet');
    await writeFile(path.join(scene.root, '.git', 'HEAD'), 'ref: refs/heads/nonexist\n');
    await scene.once();
    expect(await scene.read()).toBe('first');
  });

  it('of a ref that is not there ends with 1 and publishes nothing (bad_ref_non_zero_exit)', async (test) => {
    const scene = await makeScene(test);
    const { stderr } = await scene.mustFail(['--one-time', '--ref=does-not-exist']);
    expect(stderr).toContain('"msg":"too many failures, aborting"');
    expect(await isThere(scene.link)).toBe(false);
  });
});
