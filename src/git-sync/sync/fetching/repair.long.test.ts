/** Repositories that are damaged on purpose, and what a fetch makes of them; with real git. */
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeSyncScene, type RecordedContext } from '../testing/scene.ts';
import { withFetchedCommit } from './repair.ts';

const { signal } = new AbortController();
const asIs = (hash: string) => Promise.resolve(hash);
const fetch = (context: RecordedContext, expected?: string) =>
  withFetchedCommit(context, { expected, isFirst: true }, signal, asIs);

async function damageObjects(root: string): Promise<void> {
  const objects = join(root, '.git', 'objects');
  for (const name of await readdir(objects, { recursive: true })) {
    if (/\.pack$|^[0-9a-f]{2}\/[0-9a-f]{38}$/.test(name)) {
      await chmod(join(objects, name), 0o644);
      await writeFile(join(objects, name), 'damaged');
    }
  }
}

describe('a fetch', () => {
  it('brings the followed commit', async () => {
    const { repo, inRoot } = await makeSyncScene();
    expect(await inRoot({}, fetch)).toBe(await repo.hash());
  });

  it('of what the remote was seen to have brings that, also when the ref has moved on meanwhile', async () => {
    const { repo, inRoot } = await makeSyncScene();
    const seen = await repo.hash();
    await repo.commit({ file: 'second\n' });
    expect(await inRoot({}, (context) => fetch(context, seen))).toBe(seen);
  });

  it('follows the ref when the server does not give that commit any more', async () => {
    const { repo, inRoot } = await makeSyncScene();
    expect(await inRoot({}, (context) => fetch(context, 'b'.repeat(40)))).toBe(await repo.hash());
  });

  it('of a ref that is not there is that error, and costs no repository', async () => {
    const { root, inRoot } = await makeSyncScene();
    await inRoot({}, fetch);
    const nope = inRoot({ follow: { kind: 'ref', ref: 'nope' } }, fetch);
    await expect(nope).rejects.toMatchObject({ code: 'ref_not_found' });
    expect(await readdir(root)).toEqual(['.git']);
  });

  it.each([
    ['a tag', 'v1', 'v1'],
    ['a shortened hash', '', 'first'],
  ])('finds the revision of v3 that is %s', async (_what, name, expected) => {
    const { repo, inRoot } = await makeSyncScene();
    const first = await repo.hash();
    await repo.setTag('v1');
    const second = await repo.commit({ file: 'second\n' });
    const rev = name === '' ? first.slice(0, 8) : name;
    const follow = { kind: 'branch', branch: 'main', rev } as const;
    const hash = await inRoot({ dialect: 'v3', depth: 1, follow }, fetch);
    expect([hash, expected]).toEqual([first, expected]);
    expect(hash).not.toBe(second);
  });
});

describe('a damaged repository', () => {
  it('is replaced by a new one that is complete, and set aside', async () => {
    const { root, repo, inRoot } = await makeSyncScene();
    const hash = await inRoot({}, fetch);
    await damageObjects(root);
    const use = (context: RecordedContext) => async (fetched: string) => {
      await context.git.run(['cat-file', '-p', `${fetched}^{tree}`], { cwd: root, signal });
      return [fetched, context.lines.join()];
    };
    const [again, lines] = await inRoot({}, (context) =>
      withFetchedCommit(context, { expected: undefined, isFirst: true }, signal, use(context)),
    );
    expect([again, hash]).toEqual([hash, await repo.hash()]);
    expect(lines).toContain('repository failed its checks');
    expect((await readdir(root)).filter((name) => name.startsWith('.git.'))).toHaveLength(1);
  });

  it('stays as it is while the server is away', async () => {
    const { root, inRoot, join: at } = await makeSyncScene();
    await inRoot({}, fetch);
    await damageObjects(root);
    const away = inRoot({ repo: `file://${at('gone.git')}` }, fetch);
    await expect(away).rejects.toMatchObject({ code: 'repository_not_found' });
    expect(await readdir(root)).toEqual(['.git']);
  });
});
