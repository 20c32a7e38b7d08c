import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from '../../../../test/support/git.ts';
import { createRepository, gitmodules } from '../../../../test/support/git-repository.ts';
import { makeSyncScene } from '../testing/scene.ts';

it('the objects of a submodule that no tree needs any more go, those of the published tree stay', async () => {
  const { repo, root, link, join: path, start } = await makeSyncScene();
  const lib = await createRepository(path('lib.git'));
  const gitConfig = [{ key: 'protocol.file.allow', value: 'always' }];
  const { pass } = await start({ gitConfig });
  let hash = '';
  for (const name of ['first', 'second', 'third']) {
    hash = await lib.commit({ file: `${name}\n` });
    await repo.commit({ '.gitmodules': gitmodules([{ path: 'lib', url: lib.url }]), lib: { gitlink: hash } });
    await pass();
  }
  const all = join(root, '.git/pillion/modules');
  const [key = ''] = await readdir(all);
  const packs = async () =>
    (await readdir(join(all, key, 'objects/pack'))).filter((name) => name.endsWith('.pack'));
  expect(await packs()).toHaveLength(1);
  expect(await readFile(join(all, key, 'shallow'), 'utf8')).toBe(`${hash}\n`);
  const tree = join(await realpath(link), 'lib');
  expect(await git(tree, 'log', '--format=%H')).toBe(hash);
  expect(await git(tree, 'fsck')).toBe('');

  await repo.commit({ '.gitmodules': null, lib: null });
  await pass();
  expect(await packs()).toEqual([]);
});
