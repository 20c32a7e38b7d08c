/** `--verify` with real git, gpg and ssh-keygen. */
import { mkdir, readlink, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../../../test/support/git-repository.ts';
import { runProgram } from '../../../../../test/support/run-program.ts';
import {
  type GpgSigner,
  gpgSigner,
  hasGpg,
  NO_GPG,
  type Signer,
  signedCommit,
  signedTag,
  signTip,
  sshSigner,
} from '../../../../../test/support/signing.ts';
import { createFakeClock } from '../../../../core/testing/fake-clock.ts';
import type { SyncSpec } from '../../spec.ts';
import { makeSyncScene } from '../../testing/scene.ts';

const published = async (link: string) => basename(await readlink(link));
const refused = { code: 'signature_refused' };
const missing = { code: 'signature_missing' };

/** A repository whose first commit is signed, and the spec that trusts its signer. */
async function sshScene(verify: SyncSpec['verify'] = 'head') {
  const scene = await makeSyncScene();
  const signer = await sshSigner(scene.join('keys'), 'alice');
  const file = scene.join('allowed');
  await writeFile(file, `# ours\n${signer.publicKey}`);
  const first = await signTip(scene.repo, signer);
  const spec: Partial<SyncSpec> = {
    verify,
    verifySshAllowedSigners: file,
    depth: verify === 'all-new' ? 0 : 1,
  };
  return { ...scene, signer, file, first, spec };
}

describe('--verify=head by SSH keys', () => {
  it('publishes what a trusted key has signed', async () => {
    const { repo, link, signer, first, spec, start } = await sshScene();
    const { pass, lines } = await start(spec);
    expect(await pass()).toMatchObject({ hash: first, changed: true });
    const second = await signedCommit(repo, signer, { file: '2' });
    expect(await pass()).toMatchObject({ hash: second, changed: true });
    expect(await published(link)).toBe(second);
    expect(lines.join('\n')).toContain('for alice@example.test with ED25519 key');
    expect(await pass()).toMatchObject({ hash: second, changed: false });
  });

  it('never publishes an unsigned or a foreign commit, and checks nothing of it out', async () => {
    const { repo, link, join, first, signer, spec, start } = await sshScene();
    const { pass, kinds, syncer } = await start(spec);
    await pass();
    kinds();
    await repo.commit({ file: 'unsigned' });
    await expect(pass()).rejects.toMatchObject(missing);
    const mallory = await sshSigner(join('keys'), 'mallory');
    await signTip(repo, mallory);
    await expect(pass()).rejects.toMatchObject(refused);
    expect(await published(link)).toBe(first);
    expect(kinds()).not.toContain('adding-worktree');
    expect(syncer.status().lastError?.code).toBe('signature_refused');
    const good = await signTip(repo, signer);
    expect(await pass()).toMatchObject({ hash: good });
  });

  it('publishes nothing at a first sync either, also where an earlier process without it has', async () => {
    const { repo, link, spec, start } = await sshScene();
    const bad = await repo.commit({ file: 'unsigned' });
    const careless = await start();
    await careless.pass();
    await careless.end();
    const { pass, syncer } = await start(spec);
    expect(syncer.status().hasEarlierData).toBe(false);
    await expect(pass()).rejects.toMatchObject(missing);
    expect(syncer.status().publishedHash).toBeUndefined();
    expect(await published(link)).toBe(bad); // it was there before, and nothing better is known
  });

  it('refuses a commit whose content is not what was signed', async () => {
    const { repo, spec, start } = await sshScene();
    const { pass } = await start(spec);
    await pass();
    const text = await repo.git('cat-file', 'commit', repo.branch);
    await repo.commit({ file: 'evil' });
    const evilTree = await repo.hash(`${repo.branch}^{tree}`);
    const hash = await putCommit(repo, text.replace(/^tree .*/, `tree ${evilTree}`));
    await repo.git('update-ref', `refs/heads/${repo.branch}`, hash);
    await expect(pass()).rejects.toMatchObject(refused);
  });

  it('takes the keys of the moment: one that is added counts at once, one that is taken out no more', async () => {
    const { repo, join, file, signer, spec, start } = await sshScene();
    const { pass } = await start(spec);
    await pass();
    const bob = await sshSigner(join('keys'), 'bob');
    const byBob = await signedCommit(repo, bob, { file: 'bob' });
    await expect(pass()).rejects.toMatchObject(refused);
    await writeFile(file, signer.publicKey + bob.publicKey);
    expect(await pass()).toMatchObject({ hash: byBob });
    await writeFile(file, bob.publicKey);
    await signedCommit(repo, signer, { file: 'alice again' });
    await expect(pass()).rejects.toMatchObject(refused);
  });

  it('says which file cannot be used, and goes on when it can', async () => {
    const { repo, file, signer, spec, start } = await sshScene();
    const { pass } = await start(spec);
    await pass();
    const second = await signedCommit(repo, signer, { file: '2' });
    await rm(file);
    await expect(pass()).rejects.toMatchObject({
      code: 'verify_keys_unusable',
      message: expect.stringContaining(file),
    });
    await writeFile(file, '# nobody\n\n');
    await expect(pass()).rejects.toMatchObject({ code: 'verify_keys_unusable' });
    await rm(file);
    await mkdir(file);
    await expect(pass()).rejects.toMatchObject({ code: 'verify_keys_unusable' });
    await rm(file, { recursive: true });
    await writeFile(file, signer.publicKey);
    expect(await pass()).toMatchObject({ hash: second });
  });

  it('asks for a refused commit again only after a while', async () => {
    const { repo, first, spec, start } = await sshScene();
    const clock = createFakeClock();
    const { pass, lines, kinds } = await start({ ...spec, verbosity: 9 }, { clock });
    expect(await pass()).toMatchObject({ hash: first });
    await repo.commit({ file: 'unsigned' });
    await expect(pass()).rejects.toMatchObject(missing);
    kinds();
    const before = lines.length;
    await expect(pass()).rejects.toMatchObject(missing);
    expect(lines.slice(before).join('\n')).not.toContain('fetching');
    expect(kinds()).toContain('remote-asked');
  });

  it('knows no keys but those of the file: neither the configuration of a user nor that of the root counts', async () => {
    const { repo, root, join, first, spec, start } = await sshScene();
    const mallory = await sshSigner(join('keys'), 'mallory');
    const trusting = join('trusting');
    await writeFile(trusting, mallory.publicKey);
    const { pass } = await start({
      ...spec,
      gitConfig: [
        { key: 'gpg.ssh.allowedSignersFile', value: trusting },
        { key: 'gpg.ssh.program', value: '/bin/true' },
      ],
    });
    await pass();
    await repo.git('config', 'gpg.ssh.allowedSignersFile', trusting);
    await writeFile(
      `${root}/.git/config`,
      `[gpg "ssh"]\n\tallowedSignersFile = ${trusting}\n\tprogram = /bin/true\n`,
    );
    await signedCommit(repo, mallory, { file: 'evil', '.gitconfig': `[gpg]\n\tprogram = /bin/true\n` });
    await expect(pass()).rejects.toMatchObject(refused);
    expect(await published(`${root}/link`)).toBe(first);
  });
});

/** Writes a commit as it is. */
async function putCommit(repo: GitRepository, text: string): Promise<string> {
  return runProgram('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], {
    cwd: repo.path,
    input: `${text}\n`,
  });
}

describe('--verify=all-new', () => {
  it('refuses a signed commit on top of an unsigned one, and takes it where all are signed', async () => {
    const { repo, first, signer, spec, start } = await sshScene('all-new');
    const { pass } = await start(spec);
    expect(await pass()).toMatchObject({ hash: first });
    const hidden = await repo.commit({ file: 'hidden' });
    const tip = await signedCommit(repo, signer, { file: 'tip' });
    await expect(pass()).rejects.toMatchObject({ ...missing, message: expect.stringContaining(hidden) });
    await repo.setBranch(repo.branch, first);
    await signedCommit(repo, signer, { file: 'a' });
    const good = await signedCommit(repo, signer, { file: 'b' });
    expect(await pass()).toMatchObject({ hash: good });
    // Once more on top of it, by force.
    await repo.setBranch(repo.branch, tip);
    await expect(pass()).rejects.toMatchObject({ ...missing, message: expect.stringContaining(hidden) });
  });

  it('looks at both sides of a merge, and at all of a history that has nothing in common', async () => {
    const { repo, first, signer, spec, start } = await sshScene('all-new');
    const { pass } = await start(spec);
    await pass();
    const unsigned = await repo.commit({ side: 'x' }, 'side', { branch: 'side', parent: first });
    const main = await signedCommit(repo, signer, { file: 'main' });
    const tree = await repo.hash(`${main}^{tree}`);
    const merge = await repo.git('commit-tree', '-p', main, '-p', unsigned, '-m', 'merge', tree);
    await repo.git('update-ref', `refs/heads/${repo.branch}`, merge);
    await signTip(repo, signer);
    await expect(pass()).rejects.toMatchObject({ ...missing, message: expect.stringContaining(unsigned) });
    await repo.commit({ root: 'x' }, 'root', { parent: null });
    await signedCommit(repo, signer, { root: 'y' });
    await expect(pass()).rejects.toMatchObject(missing);
    const signedSide = await signedCommit(repo, signer, { side: 'y' }, 'side', {
      branch: 'side',
      parent: first,
    });
    const again = await repo.git('commit-tree', '-p', main, '-p', signedSide, '-m', 'merge', tree);
    await repo.git('update-ref', `refs/heads/${repo.branch}`, again);
    const good = await signTip(repo, signer);
    expect(await pass()).toMatchObject({ hash: good });
  });

  it('goes on from what an earlier process has published', async () => {
    const { repo, signer, spec, start } = await sshScene('all-new');
    const earlier = await start(spec);
    await earlier.pass();
    await earlier.end();
    const hidden = await repo.commit({ file: 'hidden' });
    await signedCommit(repo, signer, { file: 'tip' });
    const { pass } = await start(spec);
    await expect(pass()).rejects.toMatchObject({ ...missing, message: expect.stringContaining(hidden) });
  });

  it('verifies many commits in bunches', async () => {
    const { repo, signer, spec, start } = await sshScene('all-new');
    const { pass } = await start(spec);
    await pass();
    for (let count = 0; count < 25; count += 1) {
      await signedCommit(repo, signer, { file: `${count}` });
    }
    expect(await pass()).toMatchObject({ hash: await repo.hash(), changed: true });
    const hidden = await repo.commit({ file: 'hidden' });
    for (let count = 0; count < 22; count += 1) {
      await signedCommit(repo, signer, { file: `more ${count}` });
    }
    await expect(pass()).rejects.toMatchObject({ ...missing, message: expect.stringContaining(hidden) });
  });
});

describe('--verify=tag', () => {
  const follow = (ref: string): Partial<SyncSpec> => ({ follow: { kind: 'ref', ref } });

  it('takes the commit of a signed tag, whoever made the commit', async () => {
    const { repo, signer, spec, start } = await sshScene('tag');
    const hash = await repo.commit({ file: 'unsigned' });
    await signedTag(repo, signer, 'v1');
    const { pass } = await start({ ...spec, ...follow('v1') });
    expect(await pass()).toMatchObject({ hash, changed: true });
    expect(await pass()).toMatchObject({ hash, changed: false });
    const next = await repo.commit({ file: 'next' });
    await signedTag(repo, signer, 'v1');
    expect(await pass()).toMatchObject({ hash: next, changed: true });
  });

  it('refuses a tag without signature, a tag that is only a name, a branch, and one by a foreign key', async () => {
    const { repo, join, signer, spec, start } = await sshScene('tag');
    await signedTag(repo, signer, 'v1');
    const { pass } = await start({ ...spec, ...follow('refs/tags/v1') });
    await pass();
    await repo.commit({ file: '2' });
    await repo.setAnnotatedTag('v1');
    await expect(pass()).rejects.toMatchObject(missing);
    await repo.commit({ file: '3' });
    await repo.setTag('v1');
    await expect(pass()).rejects.toMatchObject(missing);
    await repo.commit({ file: '4' });
    await signedTag(repo, await sshSigner(join('keys'), 'mallory'), 'v1');
    await expect(pass()).rejects.toMatchObject(refused);
    const onBranch = await start({ ...spec, ...follow(repo.branch), root: await otherRoot(join) });
    await expect(onBranch.pass()).rejects.toMatchObject(missing);
  });

  it('takes a tag that was refused as soon as it is signed, at the same commit', async () => {
    const { repo, signer, spec, start } = await sshScene('tag');
    await signedTag(repo, signer, 'v1');
    const { pass } = await start({ ...spec, ...follow('v1') });
    await pass();
    const hash = await repo.commit({ file: '2' });
    await repo.setAnnotatedTag('v1');
    await expect(pass()).rejects.toMatchObject(missing);
    await signedTag(repo, signer, 'v1');
    expect(await pass()).toMatchObject({ hash });
  });

  it('refuses the object of another signed tag under this name, and a tag around it', async () => {
    const { repo, signer, spec, start } = await sshScene('tag');
    const old = await signedTag(repo, signer, 'v1');
    await repo.commit({ file: '2' });
    await signedTag(repo, signer, 'v2');
    const { pass, syncer } = await start({ ...spec, ...follow('v2') });
    await pass();
    await repo.git('update-ref', 'refs/tags/v2', old);
    await expect(pass()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('was signed as "v1"'),
    });
    await repo.setAnnotatedTag('v2', old);
    await expect(pass()).rejects.toMatchObject(missing);
    expect(syncer.status().lastError?.code).toBe('signature_missing');
  });
});

async function otherRoot(join: (...names: string[]) => string): Promise<string> {
  await mkdir(join('other'));
  return join('other');
}

describe.skipIf(!hasGpg)(`--verify=head by GPG keys (skipped when ${NO_GPG})`, () => {
  async function gpgScene(make: (dir: string) => Promise<GpgSigner>) {
    const scene = await makeSyncScene();
    const signer = await make(scene.join('g'));
    const file = scene.join('keyring');
    await writeFile(file, signer.publicKey);
    const spec: Partial<SyncSpec> = { verify: 'head', verifyGpgKeyring: file };
    return { ...scene, signer, file, spec, hash: await signTip(scene.repo, signer) };
  }
  const alice = (dir: string) => gpgSigner(dir, 'alice');

  it('publishes what a key of the keyring has signed, and nothing else', async () => {
    const { repo, link, join, hash, spec, start } = await gpgScene(alice);
    const { pass, lines } = await start(spec);
    expect(await pass()).toMatchObject({ hash });
    expect(lines.join('\n')).toContain('alice <alice@example.test>');
    const mallory = await gpgSigner(join('g'), 'mallory');
    await signedCommit(repo, mallory, { file: 'evil' });
    await expect(pass()).rejects.toMatchObject({ ...refused, message: expect.stringContaining('is not in') });
    await signTip(repo, await sshSigner(join('keys'), 'alice'));
    await expect(pass()).rejects.toMatchObject(refused);
    expect(await published(link)).toBe(hash);
  });

  it('takes several keys in one file, one after the other, and drops one that is taken out', async () => {
    const { repo, join, file, signer, spec, start } = await gpgScene(alice);
    const bob = await gpgSigner(join('g'), 'bob');
    await writeFile(file, `${signer.publicKey}\n${bob.publicKey}\n`);
    const { pass } = await start(spec);
    await pass();
    const second = await signedCommit(repo, bob, { file: 'bob' });
    expect(await pass()).toMatchObject({ hash: second });
    await writeFile(file, signer.publicKey);
    await signedCommit(repo, bob, { file: 'bob again' });
    await expect(pass()).rejects.toMatchObject(refused);
  });

  it('refuses what a revoked key has signed', async () => {
    const { join, file, signer, spec, start } = await gpgScene(alice);
    const { pass } = await start(spec);
    await pass();
    await writeFile(file, await signer.revoked());
    const { pass: again } = await start({ ...spec, root: await otherRoot(join) });
    await expect(again()).rejects.toMatchObject({ ...refused, message: expect.stringContaining('revoked') });
  });

  it('refuses what an expired key has signed, also before it expired', async () => {
    const { spec, start } = await gpgScene((dir) => gpgSigner(dir, 'late', '20200101T000000'));
    const { pass } = await start(spec);
    await expect(pass()).rejects.toMatchObject({ ...refused, message: expect.stringContaining('expired') });
  });

  it('takes no file without a key for a keyring', async () => {
    const { file, spec, start } = await gpgScene(alice);
    const { pass } = await start(spec);
    for (const text of [
      '',
      'no key\n',
      '\u0000'.repeat(1024 * 1024),
      `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${'A'.repeat(1024 * 1024)}`,
    ]) {
      await writeFile(file, text);
      await expect(pass()).rejects.toMatchObject({ code: 'verify_keys_unusable' });
    }
  });

  it('takes both kinds of keys at once', async () => {
    const { repo, join, hash, spec, start } = await gpgScene(alice);
    const bob: Signer = await sshSigner(join('keys'), 'bob');
    await writeFile(join('allowed'), bob.publicKey);
    const { pass } = await start({ ...spec, verifySshAllowedSigners: join('allowed') });
    expect(await pass()).toMatchObject({ hash });
    const second = await signedCommit(repo, bob, { file: 'bob' });
    expect(await pass()).toMatchObject({ hash: second });
  });
});
