/** `--ref=semver:...` and `--ref=tags:...` with real git, and over HTTP. */
import { readlink, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpGitServer } from '../../../../test/support/http-git-server.ts';
import { signedTag, sshSigner } from '../../../../test/support/signing.ts';
import { makeSyncScene } from '../testing/scene.ts';

const published = async (link: string) => basename(await readlink(link));
const follow = (ref: string) => ({ follow: { kind: 'ref', ref } as const });

describe('a tag that is chosen by a rule', () => {
  it('is followed from one to the next, and a prerelease, an older one or a branch changes nothing', async () => {
    const { repo, link, start } = await makeSyncScene();
    const first = await repo.hash();
    await repo.setAnnotatedTag('v1.2.0');
    const { pass, lines } = await start(follow('semver:^1.2'));
    expect(await pass()).toEqual({ hash: first, changed: true, pinned: false });
    expect(lines.join('\n')).toContain('refs/tags/v1.2.0');
    await repo.commit({ file: '2' });
    await repo.setTag('v1.1.9');
    await repo.setTag('v1.3.0-rc.1');
    await repo.setTag('v2.0.0');
    expect(await pass()).toMatchObject({ hash: first, changed: false });
    const third = await repo.commit({ file: '3' });
    await repo.setTag('v1.10.0');
    expect(await pass()).toMatchObject({ hash: third, changed: true });
    expect(await published(link)).toBe(third);
    await repo.git('tag', '-d', 'v1.10.0');
    expect(await pass()).toMatchObject({ hash: first, changed: true });
  });

  it('leaves what is published when none is left, and says so', async () => {
    const { repo, link, start } = await makeSyncScene();
    await repo.setTag('release-1');
    const { pass } = await start(follow('tags:release-*'));
    const { hash } = await pass();
    await repo.git('tag', '-d', 'release-1');
    await expect(pass()).rejects.toMatchObject({
      code: 'no_tag_matches',
      message: expect.stringContaining('tags:release-*'),
    });
    expect(await published(link)).toBe(hash);
    const { pass: again } = await start(follow('tags:release-*'));
    await expect(again()).rejects.toMatchObject({ code: 'no_tag_matches' });
    expect(await published(link)).toBe(hash);
  });

  it('is fetched by its name where the server gives no commit by its hash', async () => {
    const { repo, start } = await makeSyncScene();
    await repo.git('config', 'uploadpack.allowAnySHA1InWant', 'false');
    await repo.setTag('v1.0.0');
    const { pass } = await start(follow('semver:*'));
    await pass();
    const second = await repo.commit({ file: '2' });
    await repo.setAnnotatedTag('v1.1.0');
    await repo.setBranch(repo.branch, `${repo.branch}~1`);
    expect(await pass()).toMatchObject({ hash: second, changed: true });
  });

  it('has to be signed with --verify=tag, and refuses the name of another', async () => {
    const { repo, join, start } = await makeSyncScene();
    const signer = await sshSigner(join('keys'), 'alice');
    await writeFile(join('allowed'), signer.publicKey);
    const old = await signedTag(repo, signer, 'v1.0.0');
    const spec = { ...follow('semver:^1'), verify: 'tag', verifySshAllowedSigners: join('allowed') } as const;
    const { pass } = await start(spec);
    const first = await repo.hash();
    expect(await pass()).toMatchObject({ hash: first });
    const second = await repo.commit({ file: '2' });
    await repo.setAnnotatedTag('v1.1.0');
    await expect(pass()).rejects.toMatchObject({ code: 'signature_missing' });
    await signedTag(repo, signer, 'v1.1.0');
    expect(await pass()).toMatchObject({ hash: second });
    await repo.git('update-ref', 'refs/tags/v1.2.0', old);
    await expect(pass()).rejects.toMatchObject({ code: 'signature_refused' });
  });

  it.each([false, true])(
    'costs one request a poll over HTTP, without git (protocol 0: %s)',
    async (protocolV0Only) => {
      const { repo, start, root } = await makeSyncScene();
      const server = await startHttpGitServer({ root: dirname(repo.path), protocolV0Only });
      onTestFinished(async () => server.stop());
      await repo.setAnnotatedTag('v1.0.0');
      const hash = await repo.hash();
      await repo.setBranch('v9.0.0');
      const sync = await start({ ...follow('semver:^1'), repo: server.repositoryUrl(basename(repo.path)) });
      expect(await sync.pass()).toMatchObject({ hash });
      await sync.pass();
      const asked = sync.events.flatMap((event) => (event.kind === 'remote-asked' ? event.by : []));
      expect(asked).toEqual(['http', 'http']);
      await server.stop();
      await expect(sync.pass()).rejects.toThrow();
      expect(await published(`${root}/link`)).toBe(hash);
    },
  );
});
