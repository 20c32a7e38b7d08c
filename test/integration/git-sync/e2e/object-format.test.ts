import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../support/git.ts';
import { createRepository, type GitRepository, gitmodules } from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { startSshServer } from '../../../support/ssh-server.ts';
import { hashOf, historyOf, makeScene, type Scene } from './scene.ts';

async function makeSha256(scene: Scene, name = 'long'): Promise<GitRepository> {
  await mkdir(scene.join('served'), { recursive: true });
  const repository = await createRepository(scene.join('served', name), { objectFormat: 'sha256' });
  await repository.commit({ file: 'one\n' });
  return repository;
}

type Address = (repository: GitRepository) => string;

/** The flags that follow the repository over each transport. */
const TRANSPORTS: readonly (readonly [
  string,
  (scene: Scene) => Promise<readonly [Address, readonly string[], () => Promise<void>]>,
])[] = [
  ['a file', async () => [({ url }) => url, [], async () => {}]],
  [
    'HTTP',
    async (scene) => {
      const server = await startHttpGitServer({ root: scene.join('served') });
      return [
        (repository) => server.repositoryUrl(path.basename(repository.path)),
        [],
        async () => server.stop(),
      ];
    },
  ],
  [
    'HTTP without protocol v2',
    async (scene) => {
      const server = await startHttpGitServer({ root: scene.join('served'), protocolV0Only: true });
      return [
        (repository) => server.repositoryUrl(path.basename(repository.path)),
        [],
        async () => server.stop(),
      ];
    },
  ],
  [
    'SSH',
    async (scene) => {
      const server = await startSshServer(scene.join('ssh'));
      const flags = [`--ssh-key-file=${server.keyPath}`, '--ssh-known-hosts=false'];
      return [(repository) => server.repositoryUrl(repository.path), flags, async () => server.stop()];
    },
  ],
];

describe('a repository with SHA-256 object names', () => {
  it.each(TRANSPORTS)(
    'is followed over %s, restarts and changes included',
    { timeout: 120_000 },
    async (_, open) => {
      const cleanUps: (() => Promise<void>)[] = [];
      const scene = await makeScene({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
      try {
        const repository = await makeSha256(scene);
        const [address, flags, stop] = await open(scene);
        cleanUps.unshift(stop);
        const all = [`--repo=${address(repository)}`, ...flags];
        await scene.once(all);
        expect([await hashOf(scene.link), await scene.read()]).toEqual([await repository.hash(), 'one']);
        expect(await git(scene.link, '-c', 'safe.directory=*', 'status', '--porcelain')).toBe('');
        expect(await historyOf(scene.link)).toBe(1);
        await scene.once(all);
        await repository.commit({ file: 'two\n' });
        await scene.once(all);
        expect([await hashOf(scene.link), await scene.read()]).toEqual([await repository.hash(), 'two']);
        expect(await readdir(path.join(scene.root, '.worktrees'))).toEqual([await repository.hash()]);
      } finally {
        for (const cleanUp of cleanUps) {
          await cleanUp();
        }
      }
    },
  );

  it('takes the place of one with SHA-1 in the same root, and the other way round', async (test) => {
    const scene = await makeScene(test);
    const repository = await makeSha256(scene);
    await scene.once();
    await scene.once([`--repo=${repository.url}`]);
    expect([await hashOf(scene.link), await scene.read()]).toEqual([await repository.hash(), 'one']);
    await scene.once();
    expect([await hashOf(scene.link), await scene.read()]).toEqual([await scene.repo.hash(), 'first']);
  });

  it.each(['1', '0'])(
    'is followed by the hash of a commit with --depth=%s, in an empty root and where one with SHA-1 was',
    async (depth) => {
      const scene = await makeScene({ onTestFinished });
      const repository = await makeSha256(scene);
      const hash = await repository.hash();
      await repository.commit({ file: 'two\n' });
      const flags = [`--repo=${repository.url}`, `--ref=${hash}`, `--depth=${depth}`];
      await scene.once(flags);
      expect([await hashOf(scene.link), await scene.read()]).toEqual([hash, 'one']);
      await scene.once(flags);
      await scene.once();
      await scene.once([...flags, `--ref=${hash.toUpperCase()}`]);
      expect([await hashOf(scene.link), await scene.read()]).toEqual([hash, 'one']);
    },
  );

  it.each([
    ['SHA-256', 40],
    ['SHA-256', 64],
    ['SHA-1', 64],
  ])('with %s is told to have no commit of an unknown hash of %d digits', async (format, digits) => {
    const scene = await makeScene({ onTestFinished });
    const { url } = format === 'SHA-1' ? scene.repo : await makeSha256(scene);
    const { stderr } = await scene.mustFail([`--repo=${url}`, `--ref=${'ab'.repeat(digits / 2)}`]);
    expect(stderr).toContain('ref_not_found');
  });

  it('with SHA-1, behind a server without protocol v2, is told so too', async (test) => {
    const scene = await makeScene(test);
    const server = await startHttpGitServer({ root: scene.join(), protocolV0Only: true });
    test.onTestFinished(async () => server.stop());
    const repo = server.repositoryUrl('repo');
    const { stderr } = await scene.mustFail([`--repo=${repo}`, `--ref=${'cd'.repeat(32)}`]);
    expect(stderr).toContain('ref_not_found');
  });

  it('may have submodules of its kind', async (test) => {
    const scene = await makeScene(test);
    const [repository, sub] = [await makeSha256(scene), await makeSha256(scene, 'sub')];
    await repository.commit({
      '.gitmodules': gitmodules([{ path: 'sub', url: '../sub' }]),
      sub: { gitlink: await sub.hash() },
    });
    await scene.once([`--repo=${repository.url}`]);
    expect(await scene.read('sub/file')).toBe('one');
  });
});
