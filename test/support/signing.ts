/** Signed commits and tags, by real gpg and ssh-keygen. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { gitEnvironment } from './git.ts';
import type { GitRepository } from './git-repository.ts';
import { runProgram } from './run-program.ts';

export const NO_GPG = 'there is no gpg';
export const hasGpg = ['gpg', 'gpgconf'].every((name) => spawnSync(name, ['--version']).status === 0);

/** A key of somebody who signs. */
export interface Signer {
  /** How git is told to sign with it. */
  readonly config: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What goes into the file of trusted keys: an exported key, or a line. */
  readonly publicKey: string;
}

export interface GpgSigner extends Signer {
  /** The public key after its owner has revoked it. */
  revoked(): Promise<string>;
}

/** A GPG key; with `since`, one that was made then (20200101T000000) and expired after a year. */
export async function gpgSigner(dir: string, name: string, since?: string): Promise<GpgSigner> {
  const home = path.join(dir, name);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const env = { ...gitEnvironment(), GNUPGHOME: home };
  const stop = async () => {
    await runProgram('gpgconf', ['--kill', 'all'], { env });
  };
  onTestFinished(stop);
  const when = since === undefined ? [] : ['--faked-system-time', `${since}!`];
  const gpg = async (args: readonly string[], input?: string) =>
    runProgram('gpg', ['--batch', '--passphrase', '', '--pinentry-mode', 'loopback', ...args], {
      env,
      input,
    });
  const user = `${name} <${name}@example.test>`;
  await gpg([...when, '--quick-generate-key', user, 'ed25519', 'sign', since === undefined ? 'never' : '1y']);
  const program = path.join(home, 'sign');
  await writeFile(program, `#!/bin/sh\nexec gpg ${when.join(' ')} "$@"\n`);
  await chmod(program, 0o755);
  return {
    config: [`user.signingKey=${name}@example.test`, 'gpg.format=openpgp', `gpg.program=${program}`],
    env,
    publicKey: await gpg(['--armor', '--export']),
    async revoked() {
      const [certificate = ''] = await readdir(path.join(home, 'openpgp-revocs.d'));
      const text = await readFile(path.join(home, 'openpgp-revocs.d', certificate), 'utf8');
      // A colon keeps it from being used by accident.
      await gpg(['--import'], text.replace(/^:/m, ''));
      return gpg(['--armor', '--export']);
    },
  };
}

/** An SSH key, and the line of an allowed signers file for it. */
export async function sshSigner(dir: string, name: string, options = ''): Promise<Signer> {
  const file = path.join(dir, name);
  await mkdir(dir, { recursive: true });
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  const key = (await readFile(`${file}.pub`, 'utf8')).trim();
  return {
    config: [`user.signingKey=${file}`, 'gpg.format=ssh'],
    env: gitEnvironment(),
    publicKey: `${name}@example.test ${options}${key}\n`,
  };
}

const configFlags = ({ config }: Signer) => config.flatMap((pair) => ['-c', pair]);

/** Makes the commit at a branch's tip once more with a signature, in the same place. */
export async function signTip(repo: GitRepository, signer: Signer, branch = repo.branch): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const parents = (await repo.git('show', '-s', '--format=%P', ref)).split(' ').filter((each) => each !== '');
  const args = [...configFlags(signer), 'commit-tree', '-S', ...parents.flatMap((each) => ['-p', each])];
  const options = { cwd: repo.path, env: signer.env, input: 'signed\n' };
  const hash = await runProgram('git', [...args, `${ref}^{tree}`], options);
  await repo.git('update-ref', ref, hash);
  return hash;
}

/** A commit with a signature. */
export async function signedCommit(
  repo: GitRepository,
  signer: Signer,
  ...commit: Parameters<GitRepository['commit']>
): Promise<string> {
  await repo.commit(...commit);
  return signTip(repo, signer, commit[2]?.branch);
}

/** Makes a signed tag; returns the hash of its object. */
export async function signedTag(
  repo: GitRepository,
  signer: Signer,
  name: string,
  target = repo.branch,
): Promise<string> {
  const args = [...configFlags(signer), 'tag', '--force', '--sign', '--message', name, '--', name, target];
  await runProgram('git', args, { cwd: repo.path, env: signer.env });
  return repo.hash(`refs/tags/${name}`);
}
