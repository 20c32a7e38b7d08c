import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/testing/wait-for.ts';
import { makeReusing, publishThird, type Reusing } from '../testing/reusing.ts';

const mkfifo = async (path: string) => promisify(execFile)('mkfifo', [path]);

type Tamper = (tree: string, scene: Reusing) => Promise<unknown>;

/** What a neighbour may do to a stale tree, and to what is known of it in the root. */
const TAMPERINGS: readonly (readonly [string, Tamper])[] = [
  [
    'other content of the same size and time',
    async (tree) => {
      const path = join(tree, 'same/one');
      const { atime, mtime } = await stat(path);
      await writeFile(path, 'ONE\n');
      await utimes(path, atime, mtime);
    },
  ],
  ['a longer file', async (tree) => writeFile(join(tree, 'deep/er/and/deeper'), 'much longer than before\n')],
  ['an executable file', async (tree) => chmod(join(tree, 'same/two'), 0o755)],
  ['a file that nobody can read', async (tree) => chmod(join(tree, 'same/two'), 0)],
  ['a file that everybody can write', async (tree) => chmod(join(tree, 'same/two'), 0o666)],
  ['a directory that everybody can write', async (tree) => chmod(join(tree, 'same'), 0o777)],
  ['a directory that nobody can enter', async (tree) => chmod(join(tree, 'deep/er'), 0)],
  ['a top that everybody can write', async (tree) => chmod(tree, 0o777)],
  ['a file less', async (tree) => rm(join(tree, 'same/two'))],
  ['a directory less', async (tree) => rm(join(tree, 'deep'), { recursive: true })],
  ['one more file', async (tree) => writeFile(join(tree, 'same/three'), 'three\n')],
  ['one more file at the top', async (tree) => writeFile(join(tree, 'more'), 'more\n')],
  ['one more file at the top for another', async (tree) => rename(join(tree, 'file'), join(tree, 'elif'))],
  ['an ignored file', async (tree) => writeFile(join(tree, 'same/x.ignored'), '')],
  ['an empty directory', async (tree) => mkdir(join(tree, 'deep/empty'))],
  ['a repository below', async (tree) => mkdir(join(tree, 'same/.git'))],
  [
    'a FIFO for a file',
    async (tree) => {
      await rm(join(tree, 'same/one'));
      await mkfifo(join(tree, 'same/one'));
    },
  ],
  [
    'a FIFO for its .git',
    async (tree) => {
      await rm(join(tree, '.git'));
      await mkfifo(join(tree, '.git'));
    },
  ],
  [
    'a directory for its .git',
    async (tree) => {
      await rm(join(tree, '.git'));
      await mkdir(join(tree, '.git/hooks'), { recursive: true });
    },
  ],
  [
    'a link for a file',
    async (tree) => {
      await rm(join(tree, 'file'));
      await symlink('../../victim/file', join(tree, 'file'));
    },
  ],
  [
    'a link for a directory',
    async (tree) => {
      await rename(join(tree, 'same'), `${tree}-same`);
      await symlink(`${tree}-same`, join(tree, 'same'));
    },
  ],
  [
    'a link for a directory whose files change',
    async (tree, { join: outside }) => {
      await rm(join(tree, 'only'), { recursive: true });
      await symlink(outside('victim'), join(tree, 'only'));
    },
  ],
  [
    'a link for all of it',
    async (tree, { join: outside }) => {
      await rename(tree, outside('moved'));
      await symlink(outside('moved'), tree);
    },
  ],
  [
    'another directory for all of it',
    async (tree) => {
      await rm(tree, { recursive: true });
      await mkdir(tree);
    },
  ],
  [
    'a hard link to a published file',
    async (tree, { trees }) => {
      await rm(join(tree, 'same/one'));
      await link(join(trees[1] ?? '', 'same/one'), join(tree, 'same/one'));
    },
  ],
  [
    'a hard link to one of its files elsewhere',
    async (tree, { join: outside }) => link(join(tree, 'same/one'), outside('linked')),
  ],
  [
    "another index in the root's record of it",
    async (tree, { root }) => writeFile(join(root, '.git/worktrees', basename(tree), 'index'), 'DIRC'),
  ],
];

/** What changes a file and none of the directories. */
const REPAIRED = new Set([
  'other content of the same size and time',
  'a longer file',
  'an executable file',
  'a file that nobody can read',
  'a file that everybody can write',
  'a hard link to one of its files elsewhere',
]);

describe('a stale tree that a neighbour has changed gives nothing of it to the next one:', () => {
  it.each(TAMPERINGS)('%s', async (_, tamper) => {
    await expectNothingOf(tamper, await makeReusing());
  });
});

/** Git compares whole seconds. The clock of file systems may be some milliseconds behind. */
async function untilAnotherSecond({ spare }: Reusing) {
  const { ctimeMs } = await stat(spare);
  await waitFor(() => Math.floor((Date.now() - 50) / 1000) > Math.floor(ctimeMs / 1000));
}

describe('in a later second, too, a file that a neighbour has touched is written again:', () => {
  it.each(TAMPERINGS.filter(([name]) => REPAIRED.has(name)))('%s', async (_, tamper) => {
    const scene = await makeReusing();
    await untilAnotherSecond(scene);
    await expectNothingOf(tamper, scene);
    expect(scene.isReused()).toBe(true);
  });
});

async function expectNothingOf(tamper: Tamper, scene: Reusing) {
  const victim = scene.join('victim');
  await mkdir(victim);
  await writeFile(join(victim, 'file'), 'untouched\n');
  await tamper(scene.spare, scene);
  await publishThird(scene);
  const modes = await Promise.all(
    ['file', 'same', 'same/one', 'same/two', 'deep/er'].map(async (name) => {
      const status = await lstat(join(scene.root, 'link', name));
      return [(status.mode & 0o777).toString(8), status.isFile() ? status.nlink : 1];
    }),
  );
  expect(modes).toEqual([
    ['644', 1],
    ['755', 1],
    ['644', 1],
    ['644', 1],
    ['755', 1],
  ]);
  expect(await readdir(victim)).toEqual(['file']);
  expect(await readFile(join(victim, 'file'), 'utf8')).toBe('untouched\n');
}
