import { mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { createRepository } from '../../../support/git-repository.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectPublished, makeVersions, mustSync, syncOnce } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

/** Finds a file by its content, wherever it was set aside. */
async function isKept(directory: string, content: string): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((file) => readFile(path.join(file.parentPath, file.name), 'utf8')),
  );
  return texts.includes(content);
}

async function writeDeep(content: string, ...names: string[]): Promise<void> {
  const file = temp.join(...names);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

describe("somebody's own data", () => {
  it('stays where it is when the root is not empty, over several updates', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hashLike = 'a'.repeat(40);
    await writeDeep('mine', 'root', 'notes.txt');
    await writeDeep('deep', 'root', 'folder', 'deep.txt');
    await writeDeep('cache', 'root', hashLike, 'entry');
    await writeDeep('file', 'root', 'b'.repeat(40));
    await symlink('/nowhere/at/all', temp.join('root', 'dangling'));
    const options = { repo: repository.url, root: temp.join('root') };
    await mustSync(options);
    for (const version of [2, 3]) {
      await commitVersion(repository, version);
      await mustSync(options);
    }
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 3);
    expect(await readFile(temp.join('root', 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readFile(temp.join('root', 'folder', 'deep.txt'), 'utf8')).toBe('deep');
    expect(await readFile(temp.join('root', hashLike, 'entry'), 'utf8')).toBe('cache');
    expect(await readFile(temp.join('root', 'b'.repeat(40)), 'utf8')).toBe('file');
    expect(await readlink(temp.join('root', 'dangling'))).toBe('/nowhere/at/all');
  });

  it('stays when the link led to a directory of theirs before', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await writeDeep('precious', 'theirs', 'data');
    await writeDeep('precious too', 'root', 'old-site', 'index.html');
    for (const target of [temp.join('theirs'), 'old-site']) {
      await symlink(target, temp.join('root', 'new-link'));
      await rename(temp.join('root', 'new-link'), temp.join('root', 'link'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
    }
    expect(await readFile(temp.join('theirs', 'data'), 'utf8')).toBe('precious');
    expect(await readFile(temp.join('root', 'old-site', 'index.html'), 'utf8')).toBe('precious too');
  });

  it('stays when .worktrees is a link of theirs that leads elsewhere', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await writeDeep('precious', 'theirs', 'data', 'file');
    await mkdir(temp.join('root'));
    await symlink(temp.join('theirs'), temp.join('root', '.worktrees'));
    const options = { repo: repository.url, root: temp.join('root') };
    await syncOnce(options);
    await commitVersion(repository, 2);
    await syncOnce(options);
    expect(await readFile(temp.join('theirs', 'data', 'file'), 'utf8')).toBe('precious');
  });

  it('stays when the root lies inside their repository, which is not touched', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const outer = temp.join('outer');
    await mkdir(path.join(outer, 'volume'), { recursive: true });
    await git(outer, 'init', '--quiet');
    await writeFile(path.join(outer, 'file'), 'theirs');
    await git(outer, 'add', 'file');
    await git(outer, 'commit', '--quiet', '-m', 'theirs');
    const before = await readdir(path.join(outer, '.git'), { recursive: true });
    const options = { repo: repository.url, root: path.join(outer, 'volume') };
    await mustSync(options);
    await expectPublished(path.join(outer, 'volume', 'link'), await repository.hash(), 1);
    // Even with a git directory that git does not take for one and would look above it.
    await writeFile(path.join(outer, 'volume', '.git', 'HEAD'), 'ref: refs/heads/.invalid..name\n');
    await commitVersion(repository, 2);
    await mustSync(options);
    await expectPublished(path.join(outer, 'volume', 'link'), await repository.hash(), 2);
    expect(await readdir(path.join(outer, '.git'), { recursive: true })).toEqual(before);
    expect(await git(outer, 'remote')).toBe('');
  });

  it.each<[string, (gitPath: string) => Promise<void>]>([
    ['a file', (gitPath) => writeFile(gitPath, 'their notes')],
    ['a file that names a directory', (gitPath) => writeFile(gitPath, 'gitdir: /nowhere\n')],
    ['a directory of theirs', (gitPath) => writeDeep('their notes', path.basename(temp.path), gitPath)],
  ])('is set aside, not deleted, when .git is %s', async (name, make) => {
    const repository = await makeVersions(temp.join('repo.git'));
    await mkdir(temp.join('root'));
    const gitPath = temp.join('root', '.git');
    if (name === 'a directory of theirs') {
      await writeDeep('their notes', 'root', '.git', 'notes');
    } else {
      await make(gitPath);
    }
    const content = name === 'a file that names a directory' ? 'gitdir: /nowhere\n' : 'their notes';
    const options = { repo: repository.url, root: temp.join('root') };
    await mustSync(options);
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
    // Later damage to our own repository sets that aside as well, and does not push theirs out.
    for (let round = 0; round < 2; round += 1) {
      await writeFile(temp.join('root', '.git', 'HEAD'), '');
      await mustSync(options);
    }
    expect(await isKept(temp.join('root'), content)).toBe(true);
  });

  it.each(['empty directory', 'dangling link'])('does not hinder a sync when .git is a %s', async (kind) => {
    const repository = await makeVersions(temp.join('repo.git'));
    await mkdir(temp.join('root'));
    const gitPath = temp.join('root', '.git');
    await (kind === 'empty directory' ? mkdir(gitPath) : symlink('/nowhere/at/all', gitPath));
    await mustSync({ repo: repository.url, root: temp.join('root') });
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
  });

  it.each(['file', 'directory'])(
    'is left alone when the path of the link is a %s, with an error each time',
    async (kind) => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mkdir(temp.join('root'));
      const link = temp.join('root', 'link');
      await (kind === 'file' ? writeFile(link, 'theirs') : writeDeep('theirs', 'root', 'link', 'file'));
      for (let round = 0; round < 2; round += 1) {
        const result = await syncOnce({ repo: repository.url, root: temp.join('root') });
        expect(result.code).toBe(1);
        expect(result.stderr).toContain('link_not_symlink');
      }
      expect(await readFile(kind === 'file' ? link : path.join(link, 'file'), 'utf8')).toBe('theirs');
    },
  );

  it('keeps a clone of theirs usable when it is taken as the root', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const other = await createRepository(temp.join('other.git'));
    await other.commit({ 'of-other': 'x' });
    const root = temp.join('root');
    await git(temp.path, 'clone', '--quiet', other.path, root);
    await writeFile(path.join(root, 'uncommitted'), 'work in progress');
    await git(root, 'add', 'uncommitted');
    await mustSync({ repo: repository.url, root });
    await expectPublished(path.join(root, 'link'), await repository.hash(), 1);
    expect(await readFile(path.join(root, 'uncommitted'), 'utf8')).toBe('work in progress');
    expect(await readFile(path.join(root, 'of-other'), 'utf8')).toBe('x');
    expect(await git(root, 'rev-parse', 'refs/heads/main')).toBe(await other.hash());
  });
});
