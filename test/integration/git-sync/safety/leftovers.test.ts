import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { makeTempDir, removeTempDir } from '../../../support/temp.ts';
import { expectPublished, leftoversIn, makeVersions, mustSync, type Reader, startReader } from './support.ts';
import { commitVersion } from './tree.ts';

interface Place {
  readonly root: string;
  readonly gitDir: string;
  readonly hash: string;
  /** Where git keeps what belongs to the published tree. */
  readonly admin: string;
  /** The commit that is about to come. */
  readonly next: string;
}

type Leave = (place: Place) => Promise<unknown>;

const touch = async (...names: string[]) => {
  const file = path.join(...names);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '');
};

async function objectFiles(gitDir: string, pattern: RegExp): Promise<string[]> {
  const all = await readdir(path.join(gitDir, 'objects'), { recursive: true });
  return all.filter((name) => pattern.test(name)).map((name) => path.join(gitDir, 'objects', name));
}

/** The file that readers do not look at. */
async function editOwnFile(root: string, content: string | undefined): Promise<void> {
  const names = await readdir(path.join(root, 'link'));
  const file = path.join(root, 'link', names.find((name) => name.startsWith('only-in-')) ?? '');
  await rm(file);
  if (content !== undefined) {
    await writeFile(file, content);
  }
}

const LOOSE = /^[0-9a-f]{2}\/[0-9a-f]{38}$/;

/** What a killed git or a killed sync leaves lying about. */
const LEFT_LYING: Readonly<Record<string, Leave>> = {
  'shallow.lock': ({ gitDir }) => touch(gitDir, 'shallow.lock'),
  'HEAD.lock': ({ gitDir }) => touch(gitDir, 'HEAD.lock'),
  'config.lock': ({ gitDir }) => touch(gitDir, 'config.lock'),
  'packed-refs.lock': ({ gitDir }) => touch(gitDir, 'packed-refs.lock'),
  'FETCH_HEAD.lock': ({ gitDir }) => touch(gitDir, 'FETCH_HEAD.lock'),
  "the lock of the repository's own branch": ({ gitDir }) => touch(gitDir, 'refs/heads/git-sync.lock'),
  "the root's index.lock": ({ gitDir }) => touch(gitDir, 'index.lock'),
  "the published tree's index.lock": ({ admin }) => touch(admin, 'index.lock'),
  "the published tree's HEAD.lock": ({ admin }) => touch(admin, 'HEAD.lock'),
  'gc.pid of a process that is not there': ({ gitDir }) =>
    writeFile(path.join(gitDir, 'gc.pid'), '999999 gone'),
  'temporary packs': ({ gitDir }) => writeFile(path.join(gitDir, 'objects/pack/tmp_pack_Xy12ab'), 'PACK'),
  'the tmp-link of git-sync': ({ root }) => symlink('.worktrees/nowhere', path.join(root, 'tmp-link')),
  'a half-made link of our own': ({ root }) =>
    symlink('.worktrees/nowhere', path.join(root, '.link.pillion-0123456789abcdef.tmp')),
  'a half-made tree at the place of the next one': async ({ root, next }) => {
    await touch(root, '.worktrees', next, 'version');
    await touch(root, '.git/worktrees', next, 'index.lock');
  },
  'a file at the place of the next tree': ({ root, next }) =>
    writeFile(path.join(root, '.worktrees', next), 'x'),
  'a half-made repository next to it': ({ root }) => touch(root, '.git.new-0123456789abcdef', 'config'),
  'the lock of an owner that is dead': async ({ root }) => {
    const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const boot = text.trim().replaceAll('-', '').slice(0, 12);
    await symlink(`${boot}-0123456789abcdef`, path.join(root, '.pillion-lock'));
  },
};

/** What a full disk or a lost node does to what was there. */
const DAMAGE: Readonly<Record<string, Leave>> = {
  'a half-made git directory': async ({ gitDir }) => {
    await rm(gitDir, { recursive: true });
    await mkdir(path.join(gitDir, 'objects/info'), { recursive: true });
  },
  'no git directory at all': ({ gitDir }) => rm(gitDir, { recursive: true }),
  'no records of the trees': ({ gitDir }) => rm(path.join(gitDir, 'worktrees'), { recursive: true }),
  'a truncated HEAD': ({ gitDir }) => truncate(path.join(gitDir, 'HEAD')),
  'an empty branch': ({ gitDir }) => touch(gitDir, 'refs/heads/git-sync'),
  'a branch of zeros': ({ gitDir }) => writeFile(path.join(gitDir, 'refs/heads/git-sync'), Buffer.alloc(41)),
  'a truncated config': ({ gitDir }) => truncate(path.join(gitDir, 'config')),
  'half a config': ({ gitDir }) => writeFile(path.join(gitDir, 'config'), '[core]\n\trepositoryforma'),
  'a config cut in a section': ({ gitDir }) => writeFile(path.join(gitDir, 'config'), '[core'),
  'a truncated list of shallow commits': ({ gitDir }) => truncate(path.join(gitDir, 'shallow')),
  'garbage in the list of shallow commits': ({ gitDir }) =>
    writeFile(path.join(gitDir, 'shallow'), 'garbage\n'),
  'a truncated index': ({ admin }) => truncate(path.join(admin, 'index'), 20),
  'an empty index': ({ admin }) => truncate(path.join(admin, 'index')),
  'no index': ({ admin }) => rm(path.join(admin, 'index')),
  'a truncated HEAD of the published tree': ({ admin }) => truncate(path.join(admin, 'HEAD')),
  'an empty .git file in the published tree': ({ root }) => truncate(path.join(root, 'link', '.git')),
  'a file of the tree that somebody has edited': ({ root }) => editOwnFile(root, 'edited'),
  'a file of the tree that somebody has deleted': ({ root }) => editOwnFile(root, undefined),
  'a file of the tree whose content a lost node has not written': ({ root }) => editOwnFile(root, ''),
  'other times, as after a change of owner': async ({ root }) => {
    for (const name of await readdir(path.join(root, 'link'))) {
      await utimes(path.join(root, 'link', name), new Date(0), new Date(0));
    }
  },
  'objects without content': async ({ gitDir }) => {
    for (const file of await objectFiles(gitDir, LOOSE)) {
      await rm(file);
      await writeFile(file, '');
    }
  },
  'half an object': async ({ gitDir }) => {
    for (const file of await objectFiles(gitDir, LOOSE)) {
      const { size } = await stat(file);
      await rm(file);
      await writeFile(file, Buffer.alloc(Math.ceil(size / 2), 1));
    }
  },
  'no objects': ({ gitDir }) => rm(path.join(gitDir, 'objects'), { recursive: true }),
  'a pack that ends early': async ({ gitDir }) => {
    for (const file of await objectFiles(gitDir, /\.pack$/)) {
      const { size } = await stat(file);
      await truncate(file, Math.floor(size / 2));
    }
  },
  'an empty index of a pack': async ({ gitDir }) => {
    for (const file of await objectFiles(gitDir, /\.idx$/)) {
      await rm(file);
      await writeFile(file, '');
    }
  },
};

/** One root that all of it happens to, one after the other, while somebody reads. */
function useBusyRoot(flags: readonly string[]) {
  const state = { dir: '', version: 2 };
  let repository: GitRepository;
  let reader: Reader;
  const root = () => path.join(state.dir, 'root');
  const options = () => ({ repo: repository.url, root: root(), flags });
  beforeAll(async () => {
    state.dir = await makeTempDir();
    repository = await makeVersions(path.join(state.dir, 'repo.git'));
    await mustSync(options());
    // A second sync makes packs and reference logs, as a root has that is in use.
    await commitVersion(repository, 2);
    await mustSync(options());
    reader = await startReader(path.join(root(), 'link'));
  });
  afterAll(async () => {
    const seen = await reader.finish();
    expect(seen.rounds).toBeGreaterThan(10);
    await removeTempDir(state.dir);
  });

  const place = async (next: string): Promise<Place> => {
    const gitDir = path.join(root(), '.git');
    const hash = path.basename(await readlink(path.join(root(), 'link')));
    return { root: root(), gitDir, hash, admin: path.join(gitDir, 'worktrees', hash), next };
  };
  const syncAndCheck = async (hash: string) => {
    await mustSync(options());
    await expectPublished(path.join(root(), 'link'), hash, state.version);
    expect(await leftoversIn(root())).toEqual([]);
  };
  return {
    /** Something is left, and nothing new has come. */
    async recoverSame(leave: Leave) {
      const hash = await repository.hash();
      await leave(await place('0'.repeat(40)));
      await syncAndCheck(hash);
    },
    /** Something is left, and the next commit has come meanwhile. */
    async recoverNext(leave: Leave) {
      const next = await commitVersion(repository, state.version + 1);
      await leave(await place(next));
      state.version += 1;
      await syncAndCheck(next);
    },
  };
}

describe('started on a root that is read all along, with', () => {
  const busy = useBusyRoot([]);
  it.each(Object.entries(LEFT_LYING))(
    '%s, it publishes the next commit and leaves nothing',
    async (_, leave) => {
      await busy.recoverNext(leave);
    },
  );
});

describe('started on a damaged root that is read all along:', () => {
  const busy = useBusyRoot([]);
  it.each(Object.entries(DAMAGE))('%s, it publishes the same commit and the next', async (_, leave) => {
    await busy.recoverSame(leave);
    await busy.recoverNext(leave);
  });
});

describe('started on a damaged root with the full history:', () => {
  const busy = useBusyRoot(['--depth=0']);
  const inHistory = Object.entries(DAMAGE).filter(([name]) => /pack|objects|branch/.test(name));
  it.each(inHistory)('%s, it publishes the same commit and the next', async (_, leave) => {
    await busy.recoverSame(leave);
    await busy.recoverNext(leave);
  });
});

it('leaves the files of a published tree alone that only have other times, so that nobody sees them come and go', async () => {
  const dir = await makeTempDir();
  const repository = await makeVersions(path.join(dir, 'repo.git'));
  const options = { repo: repository.url, root: path.join(dir, 'root') };
  await mustSync(options);
  const file = path.join(dir, 'root', 'link', 'large');
  const { ino } = await stat(file);
  await utimes(file, new Date(0), new Date(0));
  await mustSync(options);
  expect((await stat(file)).ino).toBe(ino);
  await removeTempDir(dir);
});
