/** `--publish=copy`: killed at each change to the file system, read all the time, on a full disk. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Content, GitRepository } from '../../../support/git-repository.ts';
import { pseudoRandomBytes } from '../../../support/large-repository.ts';
import { bindAt, canMount, withMounts } from '../../../support/mounts.ts';
import { withSmallDisk } from '../../../support/small-disk.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { buildPreload } from './preload.ts';
import { leftoversIn, makeVersions, mustSync, startCopyReader, startSync, syncOnce } from './support.ts';
import { commitVersion, FILES, wholeContent } from './tree.ts';

const temp = useTempDir();
/** From one change at which a sync is killed to the next; 1 kills at each, which takes a quarter of an hour. */
const STRIDE = 5;
/** Each step is two syncs, and there are some dozens of steps. */
const TIMEOUT_MS = 600_000;
const COPY = ['--publish=copy'];
const MIB = 1024 * 1024;

/** What else each version has: under the same name a file, a directory or a link. */
function ofChangingKind(version: number): Record<string, Content | null> {
  const kinds: Record<string, Content | null>[] = [
    { 'kind/deep/file': null, kind: 'a file\n' },
    { kind: null, 'kind/deep/file': 'in a directory\n' },
    { 'kind/deep/file': null, kind: { symlink: 'version' } },
  ];
  return kinds[version % 3] ?? {};
}

const PATHS_OF_KINDS = [['kind'], ['kind', 'kind/deep', 'kind/deep/file'], ['kind']];

const commit = (repository: GitRepository, version: number): Promise<string> =>
  commitVersion(repository, version, ofChangingKind(version));

async function expectCopied(copy: string, hash: string, version: number): Promise<void> {
  const found = (await readdir(copy, { recursive: true })).filter((name) => !/^\.pillion(\/|$)/.test(name));
  const own = [...FILES, 'a', 'a/b', 'a/b/c', `only-in-${version}`, ...(PATHS_OF_KINDS[version % 3] ?? [])];
  expect(found.sort()).toEqual(own.sort());
  for (const name of FILES) {
    expect(await readFile(path.join(copy, name), 'utf8'), name).toBe(wholeContent(name, String(version)));
  }
  expect((await readdir(path.join(copy, '.pillion'))).sort()).toEqual(['commit.json', 'files']);
  const told: unknown = JSON.parse(await readFile(path.join(copy, '.pillion/commit.json'), 'utf8'));
  expect(told).toMatchObject({ hash });
}

/** A sync that is killed at its nth change, and one that must succeed; whether the first was killed. */
async function killAt(killer: string, repository: GitRepository, step: number, flags: readonly string[]) {
  const options = { repo: repository.url, root: temp.join('root'), flags };
  const env = {
    NODE_OPTIONS: `--require=${killer}`,
    KILL_AT: String(step),
    SYNC: 'yes',
    KILL_IN: options.root,
  };
  const result = await syncOnce(options, { env });
  const wasKilled = result.signal === 'SIGKILL';
  expect(wasKilled || result.code === 0, result.stderr).toBe(true);
  await mustSync(options);
  return wasKilled;
}

describe('a copy that is killed before one change to the file system or another', () => {
  it(
    'is made whole by the next start after an update, and readers see whole files all the time',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await commit(repository, 2);
      const copy = temp.join('root/link');
      await mustSync({ repo: repository.url, root: temp.join('root'), flags: COPY });
      const reader = await startCopyReader(copy);
      const killer = await buildPreload(temp, 'kill-at-change');
      let version = 2;
      for (let step = 1, killed = true; killed; step += STRIDE) {
        version += 1;
        await commit(repository, version);
        killed = await killAt(killer, repository, step, COPY);
        await expectCopied(copy, await repository.hash(), version);
        expect(await leftoversIn(temp.join('root')), `killed at change ${step}`).toEqual([]);
      }
      expect(version).toBeGreaterThan(15);
      const { switches, versions } = await reader.finish();
      expect(switches).toBeGreaterThan(0);
      expect(versions.length).toBeGreaterThan(5);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['is made in the place of a link', [], COPY],
    ['gives its place to a link', COPY, []],
  ] as const)(
    '%s by the next start',
    async (_, before, after) => {
      const repository = await makeVersions(temp.join('repo.git'));
      await commit(repository, 2);
      const killer = await buildPreload(temp, 'kill-at-change');
      const root = temp.join('root');
      let steps = 0;
      // Most of the changes are those of any sync.
      for (let step = 20, killed = true; killed; step += STRIDE) {
        await rm(root, { recursive: true, force: true });
        await mustSync({ repo: repository.url, root, flags: [...before] });
        killed = await killAt(killer, repository, step, after);
        steps += 1;
        expect(await readFile(path.join(root, 'link/version'), 'utf8')).toBe(wholeContent('version', '2'));
        expect((await readdir(root)).sort(), `killed at change ${step}`).toEqual([
          '.git',
          '.worktrees',
          'link',
        ]);
      }
      expect(steps).toBeGreaterThan(3);
    },
    TIMEOUT_MS,
  );
});

describe('a running sync that copies', () => {
  it('shows readers whole files in many versions', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await commit(repository, 2);
    const copy = temp.join('root/link');
    const options = { repo: repository.url, root: temp.join('root'), flags: [...COPY, '--period=50ms'] };
    await mustSync(options);
    await startSync(options);
    const reader = await startCopyReader(copy);
    for (let version = 3; version < 15; version += 1) {
      const hash = await commit(repository, version);
      await waitFor(
        async () => (await readFile(path.join(copy, '.pillion/commit.json'), 'utf8')).includes(hash),
        { what: `version ${version}` },
      );
    }
    await reader.finish();
    // The commit is told before the note of the update goes.
    const hasEnded = async () => !(await readdir(path.join(copy, '.pillion'))).includes('updating');
    await waitFor(hasEnded, { what: 'the end of the update' });
    await expectCopied(copy, await repository.hash(), 14);
  });

  it('runs its hooks in the tree, and is ready while the copy is there', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await repository.commit({ hook: { executable: '#!/bin/sh\ncp version "$OUT"\n' } });
    const result = await mustSync(
      { repo: repository.url, root: temp.join('root'), flags: [...COPY, '--exechook-command=./hook'] },
      { env: { OUT: temp.join('out') } },
    );
    expect(result.stderr).toContain('exechook');
    expect(await readFile(temp.join('out'), 'utf8')).toBe(wholeContent('version', '1'));
  });
});

it.skipIf(!canMount())(
  `changes nothing of the copy on a disk that is full, and goes on when there is room (needs mounts)`,
  async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hash = await repository.commit({ data: pseudoRandomBytes(MIB, 1) });
    await withSmallDisk(temp.join('disk'), { sizeKiB: 10.5 * 1024, inodes: 10_000 }, async (disk) => {
      const options = { repo: repository.url, root: path.join(disk.path, 'root'), flags: COPY };
      const copy = path.join(disk.path, 'root/link');
      await mustSync(options);
      // Fetched and checked out it fits, copied it does not.
      await commitVersion(repository, 2, { data: pseudoRandomBytes(3 * MIB, 2) });
      const result = await syncOnce(options);
      expect(result.stderr).toContain('"code":"disk_full"');
      expect(result.stderr).toContain('.pillion');
      expect(await readFile(path.join(copy, 'version'), 'utf8')).toBe(wholeContent('version', '1'));
      expect((await readFile(path.join(copy, 'data'))).equals(pseudoRandomBytes(MIB, 1))).toBe(true);
      expect(await readFile(path.join(copy, '.pillion/commit.json'), 'utf8')).toContain(hash);
      // Neither what was put ready nor the tree takes the room that a smaller commit needs.
      await commitVersion(repository, 3, { data: pseudoRandomBytes(MIB, 3) });
      await mustSync(options);
      expect(await readFile(path.join(copy, 'version'), 'utf8')).toBe(wholeContent('version', '3'));
    });
  },
);

it('copies a repository with a megabyte of names, deep directories and large files', async () => {
  const repository = await makeVersions(temp.join('repo.git'));
  const deep = Array.from({ length: 120 }, () => 'd'.repeat(20)).join('/');
  const many = Object.fromEntries(
    Array.from({ length: 4000 }, (_, index) => [`many/${index}-${'n'.repeat(240)}`, `${index}\n`]),
  );
  await repository.commit({
    ...many,
    [`${deep}/file`]: 'deep\n',
    big: pseudoRandomBytes(3 * 1024 * 1024, 1),
  });
  const copy = temp.join('root/link');
  await mustSync({ repo: repository.url, root: temp.join('root'), flags: COPY });
  expect(await readdir(path.join(copy, 'many'))).toHaveLength(4000);
  expect(await readFile(path.join(copy, deep, 'file'), 'utf8')).toBe('deep\n');
  expect((await readFile(path.join(copy, 'big'))).equals(pseudoRandomBytes(3 * 1024 * 1024, 1))).toBe(true);
});

it('makes a directory for the copy where a path of several parts has none', async () => {
  const repository = await makeVersions(temp.join('repo.git'));
  await mkdir(temp.join('elsewhere'));
  const link = temp.join('elsewhere/a/b');
  await mustSync({ repo: repository.url, root: temp.join('root'), link, flags: COPY });
  expect(await readFile(path.join(link, 'version'), 'utf8')).toBe(wholeContent('version', '1'));
});

describe.skipIf(!canMount())('a copy with something mounted in it (needs mounts)', () => {
  const copy = () => temp.join('root/link');
  const options = (repository: GitRepository, flags: readonly string[] = []) => ({
    repo: repository.url,
    root: temp.join('root'),
    flags: [...COPY, ...flags],
  });

  /** From the same file system, over a directory of the copy, which is made where it is missing. */
  async function withMount(name: string, work: () => Promise<void>): Promise<void> {
    const place = path.join(copy(), name);
    await mkdir(temp.join('elsewhere'));
    await writeFile(temp.join('elsewhere/file'), 'precious');
    await withMounts([bindAt(temp.join('elsewhere'), place)], async () => {
      await work();
      expect(await readFile(path.join(place, 'file'), 'utf8')).toBe('precious');
    });
    expect(await readdir(temp.join('elsewhere'))).toEqual(['file']);
  }

  it.each([
    ['something there', 'mine', { 'mine/file': 'two\n' }],
    ['a file above it', 'mine/deep', { 'mine/file': null, mine: 'a file\n' }],
  ])('takes no commit that has %s, and is what it was', async (_, place, change) => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hash = await repository.commit({ 'mine/file': 'one\n' });
    await mustSync(options(repository));
    await withMount(place, async () => {
      await repository.commit(change);
      const { code, stderr } = await syncOnce(options(repository));
      expect([code, stderr]).toEqual([1, expect.stringContaining('mount_in_copy')]);
      expect((await readdir(path.join(copy(), '.pillion'))).sort()).toEqual(['commit.json', 'files']);
      expect(await readFile(path.join(copy(), '.pillion/commit.json'), 'utf8')).toContain(hash);
    });
    await mustSync(options(repository));
  });

  it.each([[[]], [['--publish-foreign-files=remove']]])(
    'loses what a commit takes away, and not what is mounted, though it has the same names (flags %j)',
    async (flags) => {
      const repository = await makeVersions(temp.join('repo.git'));
      await repository.commit({
        'conf/file': 'one\n',
        'conf/secret/file': 'one\n',
        'conf/sub/file': 'one\n',
      });
      await mustSync(options(repository, flags));
      await withMount('conf/secret', async () => {
        await repository.commit({ 'conf/file': null, 'conf/secret/file': null, 'conf/sub/file': null });
        await mustSync(options(repository, flags));
        expect(await readdir(path.join(copy(), 'conf'))).toEqual(['secret']);
      });
    },
  );
});
