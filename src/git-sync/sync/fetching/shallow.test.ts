import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeSyncScene } from '../testing/scene.ts';

it('the list of truncated commits does not grow: those that are cleaned up go from the root as well', async () => {
  const { repo, root, start } = await makeSyncScene();
  const { pass } = await start();
  await pass();
  let hash = '';
  for (const name of ['second', 'third']) {
    hash = await repo.commit({ file: `${name}\n` });
    await pass();
  }
  expect(await readFile(join(root, '.git/shallow'), 'utf8')).toBe(`${hash}\n`);
});
