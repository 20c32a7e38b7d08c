/** What somebody may push, and what gpg may do, without a trusted key. */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../../../test/support/git-repository.ts';
import { runProgram } from '../../../../../test/support/run-program.ts';
import { type Signer, signedCommit, signTip, sshSigner } from '../../../../../test/support/signing.ts';
import type { SyncSpec } from '../../spec.ts';
import { makeSyncScene } from '../../testing/scene.ts';

const refused = { code: 'signature_refused' };
const missing = { code: 'signature_missing' };

async function trusting() {
  const scene = await makeSyncScene();
  const signer = await sshSigner(scene.join('keys'), 'alice');
  await writeFile(scene.join('allowed'), signer.publicKey);
  const first = await signTip(scene.repo, signer);
  const spec: Partial<SyncSpec> = { verify: 'head', verifySshAllowedSigners: scene.join('allowed') };
  const sync = await scene.start(spec);
  await sync.pass();
  return { ...scene, ...sync, signer, spec, first };
}

/** Puts a commit with these headers and this message at the branch; the tree is that of its tip. */
async function push(repo: GitRepository, headers: string, message: string): Promise<string> {
  const head = (await repo.git('cat-file', 'commit', repo.branch)).split('\n');
  const plain = head.slice(
    0,
    head.findIndex((line) => line.startsWith('gpgsig') || line === ''),
  );
  const input = `${plain.join('\n')}\n${headers}\n${message}`;
  const options = { cwd: repo.path, input };
  const hash = await runProgram(
    'git',
    ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'],
    options,
  );
  await repo.git('update-ref', `refs/heads/${repo.branch}`, hash);
  return hash;
}

/** The signature of the branch's tip, as lines of a header. */
async function signatureOf(repo: GitRepository): Promise<string> {
  const lines = (await repo.git('cat-file', 'commit', repo.branch)).split('\n');
  const from = lines.findIndex((line) => line.startsWith('gpgsig '));
  const to = lines.findIndex((line, index) => index > from && !line.startsWith(' '));
  return `${lines.slice(from, to).join('\n')}\n`;
}

const asHeader = (text: string) => `gpgsig ${text.trim().replaceAll('\n', '\n ')}\n`;

/** A signature of a text by ssh-keygen. */
async function sshSignature(signer: Signer, text: string, namespace: string): Promise<string> {
  const key = signer.config[0]?.replace('user.signingKey=', '') ?? '';
  await writeFile(`${key}.text`, text);
  await rm(`${key}.text.sig`, { force: true }); // or ssh-keygen asks whether to write it
  await runProgram('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', namespace, `${key}.text`]);
  return readFile(`${key}.text.sig`, 'utf8');
}

describe('a commit that only looks signed', () => {
  it('by the signature of another commit, or by that before its own, is refused', async () => {
    const { repo, signer, pass } = await trusting();
    const good = await signatureOf(repo);
    await push(repo, good, 'another message\n');
    await expect(pass()).rejects.toMatchObject(refused);
    await signedCommit(repo, signer, { file: '2' });
    const other = await signatureOf(repo);
    await push(repo, good + other, 'signed\n');
    await expect(pass()).rejects.toMatchObject(refused);
  });

  it('by a signature in its message is not signed', async () => {
    const { repo, pass } = await trusting();
    const good = (await signatureOf(repo)).replace('gpgsig ', '').replaceAll('\n ', '\n');
    await push(repo, '', `signed\n${good}`);
    await expect(pass()).rejects.toMatchObject(missing);
  });

  it('by a trusted key for another purpose than git is refused', async () => {
    const { repo, signer, pass } = await trusting();
    const tip = await repo.git('cat-file', 'commit', repo.branch);
    const lines = tip.split('\n');
    const plain = lines.slice(
      0,
      lines.findIndex((line) => line.startsWith('gpgsig')),
    );
    const text = `${plain.join('\n')}\n\nsigned\n`;
    await push(repo, asHeader(await sshSignature(signer, text, 'file')), 'signed\n');
    await expect(pass()).rejects.toMatchObject(refused);
    // The same with the right one is good: it is the purpose that it was refused for.
    const hash = await push(repo, asHeader(await sshSignature(signer, text, 'git')), 'signed\n');
    expect(await pass()).toMatchObject({ hash });
  });

  it.each([
    ['PGP', '-----BEGIN PGP SIGNATURE-----', '-----END PGP SIGNATURE-----'],
    ['SSH', '-----BEGIN SSH SIGNATURE-----', '-----END SSH SIGNATURE-----'],
    ['S/MIME', '-----BEGIN SIGNED MESSAGE-----', '-----END SIGNED MESSAGE-----'],
    ['no kind', 'anything', 'at all'],
  ])('by 1 MiB of %s is refused in little time, and told in few words', async (_, begin, end) => {
    const { repo, pass } = await trusting();
    const junk = `${'A'.repeat(63)}\n`.repeat((1024 * 1024) / 64);
    await push(repo, asHeader(`${begin}\n\n${junk}${end}`), 'signed\n');
    const before = process.hrtime.bigint();
    const error: unknown = await pass().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^signature_(refused|missing)$/) });
    expect((error as Error).message.length).toBeLessThan(2000);
    expect(Number(process.hrtime.bigint() - before) / 1e6).toBeLessThan(20_000);
  });
});

describe('a gpg that misbehaves', () => {
  async function withGpg(script: string, parts: Partial<SyncSpec>) {
    const scene = await makeSyncScene();
    const bin = scene.join('bin');
    await mkdir(bin);
    await writeFile(`${bin}/gpg`, `#!/bin/sh\n${script}\n`);
    await chmod(`${bin}/gpg`, 0o755);
    await writeFile(scene.join('keyring'), 'keys');
    const spec: Partial<SyncSpec> = { verify: 'head', verifyGpgKeyring: scene.join('keyring'), ...parts };
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, TMPDIR: process.env['TMPDIR'] };
    return { ...scene, ...(await scene.start(spec, { env })) };
  }
  const IMPORTS = 'case "$*" in *--import*) echo "[GNUPG:] IMPORT_OK 1 ABCDEF"; exit 0;; esac';

  it('and hangs is ended with the time of the sync', async () => {
    const { pass } = await withGpg('sleep 3600', { syncTimeoutMs: 3000 });
    await expect(pass()).rejects.toMatchObject({ code: 'sync_timeout' });
  });

  it('and fails without a word, or floods, publishes nothing', async () => {
    const silent = await withGpg(`${IMPORTS}\nexit 1`, {});
    await push(
      silent.repo,
      asHeader('-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----'),
      'x\n',
    );
    await expect(silent.pass()).rejects.toMatchObject({ code: expect.stringMatching(/^signature_/) });
    const flood = await withGpg(`${IMPORTS}\nhead -c 20000000 /dev/zero | tr '\\0' x >&2; exit 1`, {});
    await push(
      flood.repo,
      asHeader('-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----'),
      'x\n',
    );
    await expect(flood.pass()).rejects.toMatchObject({ code: expect.stringMatching(/^signature_/) });
  });

  it('and is not there is told as such', async () => {
    const scene = await makeSyncScene();
    await writeFile(scene.join('keyring'), 'keys');
    const bin = scene.join('bin');
    await mkdir(bin);
    for (const name of ['git', 'sh']) {
      const found = await runProgram('sh', ['-c', `command -v ${name}`]);
      await runProgram('ln', ['-s', found, `${bin}/${name}`]);
    }
    const spec: Partial<SyncSpec> = { verify: 'head', verifyGpgKeyring: scene.join('keyring') };
    const { pass } = await scene.start(spec, { env: { PATH: bin } });
    await expect(pass()).rejects.toMatchObject({ code: 'verify_program_missing' });
  });
});
