/**
 * The keys that signatures are verified with: read from the files that the user names, and given to gpg and ssh-keygen in
 * a private directory. No other keyring, configuration or agent has a say.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../../core/errors.ts';
import { tryRun } from '../../../../core/exec/run.ts';
import { findProgram } from '../../../../core/exec/which.ts';
import { readBytesIfExists } from '../../../../core/files.ts';
import type { Log } from '../../../../core/log/log.ts';
import { startSha256 } from '../../../../core/sha256.ts';
import { SIGNATURE_ERRORS } from './errors.ts';

export interface KeysInit {
  /** Files; empty for none. */
  readonly gpgKeyring: string;
  readonly sshAllowedSigners: string;
  /** A private directory; it is made here. */
  readonly place: string;
  readonly env: () => Readonly<Record<string, string>>;
  readonly log: Log;
}

/** What git is told so that these keys count and no others. */
export interface Keys {
  /** The same as long as the files hold the same. */
  readonly identity: string;
  /** Arguments before git's command: they win over all configuration. */
  readonly config: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface KeySource {
  /**
   * The keys of this moment; read each time, so that they can be rotated.
   * @throws PillionError `verify_keys_unusable`, `verify_program_missing`
   */
  load(signal: AbortSignal): Promise<Keys>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const LONGEST_SHOWN = 300;
const NO_PROGRAM = '/nonexistent/gpgsm';

/** What gpg would do beyond looking at the keys that it is given: ask agents, key servers, a user. */
const GPG_CONFIG = `batch
no-tty
no-autostart
disable-dirmngr
no-auto-key-locate
no-auto-key-retrieve
no-auto-check-trustdb
trust-model always
`;

async function readKeys(path: string): Promise<Buffer> {
  const bytes = await readBytesIfExists(path, MAX_BYTES).catch((error: unknown) => {
    throw SIGNATURE_ERRORS.verify_keys_unusable({ why: errorMessage(error) }, { cause: error });
  });
  if (bytes === undefined) {
    throw SIGNATURE_ERRORS.verify_keys_unusable({ why: `there is no file ${path}` });
  }
  return bytes;
}

/** How many signers a file lists; comments and empty lines do not count. */
function countSigners(text: string): number {
  return text.split('\n').filter((line) => /^\s*[^\s#]/.test(line)).length;
}

/** @returns the fingerprints of the keys */
async function importKeys(
  { gpgKeyring: path, env, log }: KeysInit,
  home: string,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<string[]> {
  const outcome = await tryRun('gpg', ['--status-fd', '1', '--import'], {
    env: { ...env(), GNUPGHOME: home },
    stdin: bytes,
    signal,
  });
  signal.throwIfAborted();
  if (outcome.startFailure !== undefined) {
    throw SIGNATURE_ERRORS.verify_program_missing({ program: 'gpg' });
  }
  const found = [...outcome.stdout.matchAll(/^\[GNUPG:\] IMPORT_OK \d+ ([0-9A-F]+)$/gm)];
  const fingerprints = [...new Set(found.map(([, fingerprint = '']) => fingerprint))];
  const said = outcome.stderr.trim().slice(-LONGEST_SHOWN);
  if (fingerprints.length === 0) {
    throw SIGNATURE_ERRORS.verify_keys_unusable({ why: `gpg finds no public key in ${path}: ${said}` });
  }
  if (outcome.exitCode !== 0) {
    log.warn('gpg could not take all of the keyring', { path, said });
  }
  return fingerprints;
}

export function createKeySource(init: KeysInit): KeySource {
  const { gpgKeyring, sshAllowedSigners, place, log } = init;
  let made = 0;
  let current: { readonly keys: Keys; readonly directory: string } | undefined;

  const make = async (identity: string, gpg: Buffer, ssh: Buffer, signal: AbortSignal): Promise<void> => {
    made += 1;
    const directory = join(place, String(made));
    const home = join(directory, 'gnupg');
    const signers = join(directory, 'allowed-signers');
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(join(home, 'gpg.conf'), GPG_CONFIG, { mode: 0o600 });
    // Without it a gpg of 2.4 may take a daemon for its keyring.
    await writeFile(join(home, 'common.conf'), '', { mode: 0o600 });
    await writeFile(signers, ssh, { mode: 0o600 });
    const gpgKeys = gpgKeyring === '' ? [] : await importKeys(init, home, gpg, signal);
    const signersCount = countSigners(ssh.toString('utf8'));
    if (sshAllowedSigners !== '' && signersCount === 0) {
      throw SIGNATURE_ERRORS.verify_keys_unusable({ why: `${sshAllowedSigners} lists no signer` });
    }
    // Of a kind of which no keys are given there are none, wherever else some may lie.
    const config = {
      'gpg.program': 'gpg',
      'gpg.openpgp.program': 'gpg',
      'gpg.x509.program': NO_PROGRAM,
      'gpg.ssh.program': 'ssh-keygen',
      'gpg.ssh.allowedSignersFile': signers,
      'gpg.minTrustLevel': 'fully',
    };
    const former = current;
    current = {
      directory,
      keys: {
        identity,
        config: Object.entries(config).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        env: { GNUPGHOME: home, TMPDIR: place, GIT_NO_REPLACE_OBJECTS: '1', GIT_NO_LAZY_FETCH: '1' },
      },
    };
    log.info('keys to verify signatures with', { gpgKeys, sshSigners: signersCount });
    if (former !== undefined) {
      await rm(former.directory, { recursive: true, force: true });
    }
  };

  return {
    async load(signal) {
      const gpg = gpgKeyring === '' ? Buffer.alloc(0) : await readKeys(gpgKeyring);
      const ssh = sshAllowedSigners === '' ? Buffer.alloc(0) : await readKeys(sshAllowedSigners);
      const identity = startSha256().update(`${gpg.length}\n`).update(gpg).update(ssh).digest('hex');
      if (current?.keys.identity === identity) {
        return current.keys;
      }
      if (sshAllowedSigners !== '' && (await findProgram('ssh-keygen', init.env()['PATH'])) === undefined) {
        throw SIGNATURE_ERRORS.verify_program_missing({ program: 'ssh-keygen' });
      }
      try {
        await make(identity, gpg, ssh, signal);
      } catch (error) {
        await rm(join(place, String(made)), { recursive: true, force: true });
        throw error;
      }
      return (current as unknown as { keys: Keys }).keys;
    },
  };
}
