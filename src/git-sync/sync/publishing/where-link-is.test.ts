import { mkdir, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { makeSyncScene } from '../testing/scene.ts';
import { whereLinkIs } from './where-link-is.ts';

const dir = useTempDir();

describe('the place of a link', () => {
  it('is in the directory that the links on the way lead to; it is not followed itself', async () => {
    await mkdir(dir.join('q'));
    await symlink('q', dir.join('qq'));
    await symlink('nowhere', dir.join('q/l'));
    expect(await whereLinkIs('/r', dir.join('qq/l'))).toBe(dir.join('q/l'));
    expect(await whereLinkIs('/r', dir.join('qq/new/l'))).toBe(dir.join('q/new/l'));
  });

  it('is known before the directory is made that a link leads to', async () => {
    await symlink('later', dir.join('one'));
    await symlink('one/below', dir.join('two'));
    expect(await whereLinkIs('/r', dir.join('two/l'))).toBe(dir.join('later/below/l'));
  });

  it('is found in bounded time where links lead in a circle', async () => {
    await symlink('b/x', dir.join('a'));
    await symlink('a/b', dir.join('b'));
    expect(await whereLinkIs('/r', dir.join('a/b/a/l'))).toContain(dir.path);
  });

  it('follows no link below the root, as publishing does not', async () => {
    await mkdir(dir.join('r'));
    await symlink('/', dir.join('r/up'));
    expect(await whereLinkIs(dir.join('r'), 'up/l')).toBe(dir.join('r/up/l'));
  });

  it('is refused where a clean-up of the same repository would come, by whatever way', async () => {
    const { root, start } = await makeSyncScene();
    await symlink(root, dir.join('alias'));
    for (const link of [dir.join('alias/.worktrees/x'), dir.join('alias/.git/x')]) {
      await expect(start({ link })).rejects.toMatchObject({ code: 'link_cleaned_away' });
    }
  });
});
