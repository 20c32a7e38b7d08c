import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { makeScene, type Scene } from './scene.ts';

/** A commit of its own under a ref of each kind; the content of `file` is what follows. */
async function makeRefs(scene: Scene): Promise<Record<string, string>> {
  const base = await scene.repo.hash();
  const on = async (text: string) =>
    scene.repo.commit({ file: text }, text, { branch: 'scratch', parent: base });
  await scene.repo.setBranch('feature/x', await on('branch'));
  await scene.repo.setTag('v1', await on('tag'));
  await scene.repo.setAnnotatedTag('v2', await on('annotated tag'));
  await scene.repo.git('tag', '--annotate', '--message', 'nested', 'v3', 'v2');
  await scene.repo.git('update-ref', 'refs/pull/7/head', await on('pull request'));
  const hidden = await on('hash');
  await scene.repo.deleteBranch('scratch');
  return {
    HEAD: 'first',
    'feature/x': 'branch',
    'heads/feature/x': 'branch',
    'refs/heads/feature/x': 'branch',
    v1: 'tag',
    'refs/tags/v1': 'tag',
    v2: 'annotated tag',
    'refs/tags/v2': 'annotated tag',
    v3: 'annotated tag',
    'refs/pull/7/head': 'pull request',
    [hidden]: 'hash',
  };
}

describe('--ref', () => {
  it('may be a ref of any kind', { timeout: 60_000 }, async (test) => {
    const scene = await makeScene(test);
    const refs = await makeRefs(scene);
    for (const [ref, text] of Object.entries(refs)) {
      await scene.once([`--ref=${ref}`]);
      expect(await scene.read(), ref).toBe(text);
    }
  });
});

describe('a poll over HTTP', () => {
  const MOVES = [
    ['a branch', 'feature/x', async (scene: Scene) => scene.repo.setBranch('feature/x')],
    ['an annotated tag', 'v2', async (scene: Scene) => scene.repo.setAnnotatedTag('v2').then(() => {})],
    ['a ref elsewhere', 'refs/pull/7/head', async (scene: Scene) => moveRequest(scene)],
  ] as const;
  it.for(MOVES)('sees that %s moved, without a process while it does not', async ([, ref, move], test) => {
    const scene = await makeScene(test);
    await makeRefs(scene);
    const server = await startHttpGitServer({ root: scene.join() });
    test.onTestFinished(async () => server.stop());
    const calls = scene.join('calls');
    const { path } = await installFake(scene.join('bin'), 'git-record', { CALLS: calls });
    const flags = [`--repo=${server.repositoryUrl('repo')}`, `--ref=${ref}`, `--git=${path}`];
    const sync = await scene.start([...flags, '--period=50ms'], { plainGit: true });
    await sync.synced();
    await sync.passes();
    const before = await readFile(calls, 'utf8');
    await sync.passes(3);
    expect(await readFile(calls, 'utf8')).toBe(before);
    await scene.commit('moved');
    await move(scene);
    await sync.synced();
    expect(await scene.read()).toBe('moved');
  });
});

async function moveRequest(scene: Scene): Promise<void> {
  await scene.repo.git('update-ref', 'refs/pull/7/head', await scene.repo.hash());
}
