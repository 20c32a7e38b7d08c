import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useProgramsForOthers } from '../../../test/support/for-others.ts';
import { bundleProgram, ENV, fixture, temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { run } from '../exec/run.ts';
import { removeTree } from '../files.ts';

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const programsForOthers = useProgramsForOthers();

describe('removeTree', () => {
  it('removes a tree, a file, a link, and nothing without complaint', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'tree', 'a', 'b'), { recursive: true });
    await writeFile(join(directory, 'tree', 'a', 'file'), '');
    await writeFile(join(directory, 'file'), '');
    await symlink('tree', join(directory, 'link'));
    for (const name of ['link', 'file', 'tree', 'gone']) {
      await removeTree(join(directory, name));
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it('never follows a symbolic link, neither below nor at the top', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, 'precious'));
    await writeFile(join(directory, 'precious', 'file'), 'precious');
    await mkdir(join(directory, 'tree'));
    await symlink('../precious', join(directory, 'tree', 'relative'));
    await symlink(join(directory, 'precious'), join(directory, 'tree', 'absolute'));
    await symlink('loop', join(directory, 'tree', 'loop'));
    await symlink('precious', join(directory, 'top'));
    await removeTree(join(directory, 'tree'));
    await removeTree(join(directory, 'top'));
    expect(await readFile(join(directory, 'precious', 'file'), 'utf8')).toBe('precious');
    expect(await readdir(directory)).toEqual(['precious']);
  });

  it('removes many entries', async () => {
    const directory = join(await temporaryDirectory(), 'tree');
    mkdirSync(directory);
    for (let index = 0; index < 500; index += 1) {
      writeFileSync(join(directory, `file-${index}`), '');
    }
    await removeTree(directory);
    expect(existsSync(directory)).toBe(false);
  });

  it('removes a tree that is deeper than a path may be long', async () => {
    const directory = await temporaryDirectory();
    const script =
      'i=0; while [ $i -lt 60 ]; do mkdir "$0" && cd "$0" && : >file || exit 1; i=$((i+1)); done';
    await run('bash', ['-c', script, 'd'.repeat(200)], { env: ENV, cwd: directory }); // 12 KiB deep
    await removeTree(directory);
    expect(existsSync(directory)).toBe(false);
  });

  it('gives itself the permissions it needs on directories of its own', async () => {
    const directory = await temporaryDirectory();
    const tree = join(directory, 'tree');
    for (const mode of [0o000, 0o500, 0o300]) {
      mkdirSync(join(tree, `locked-${mode}`, 'inner'), { recursive: true });
      writeFileSync(join(tree, `locked-${mode}`, 'inner', 'file'), '');
      chmodSync(join(tree, `locked-${mode}`, 'inner'), mode);
      chmodSync(join(tree, `locked-${mode}`), mode);
    }
    chmodSync(tree, 0o500);
    const program = await bundleProgram(fixture('../../files/fixtures/remove-as-nobody.ts'), directory);
    await chmod(directory, 0o777);
    if (isRoot) {
      await run('chown', ['-R', String(NOBODY), tree], { env: ENV });
      await chown(directory, NOBODY, NOBODY);
    }
    const node = isRoot ? (await programsForOthers()).node : process.execPath;
    const asNobody = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
    const [command, ...args] = [...(isRoot ? asNobody : []), node, program, tree];
    await run(command, args, { env: ENV });
    expect(existsSync(tree)).toBe(false);
  });

  it('stops at an abort and throws its reason', async () => {
    const directory = await temporaryDirectory();
    const reason = new Error('enough');
    await expect(removeTree(directory, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(existsSync(directory)).toBe(true);
  });

  it('says what it could not remove', async () => {
    await expect(removeTree('/proc/self/environ')).rejects.toMatchObject({
      code: 'remove_failed',
      facts: { path: '/proc/self/environ' },
    });
  });

  it('removes names that are no text in any encoding, and comes to an end', async () => {
    const directory = await temporaryDirectory();
    const name = Buffer.from([0xff, 0xfe, 0x80]);
    const inside = Buffer.concat([Buffer.from(`${directory}/tree/`), name]);
    await mkdir(inside, { recursive: true });
    await writeFile(Buffer.concat([inside, Buffer.from('/'), name]), 'x');
    await removeTree(join(directory, 'tree'), AbortSignal.timeout(5000));
    expect(await readdir(directory)).toEqual([]);
  });
});
