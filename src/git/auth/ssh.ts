/** The ssh command that git uses: keys, known hosts, and help for users that no passwd file knows. */
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorMessage, systemErrorCode } from '../../core/errors.ts';
import { readTextIfExists, writeFileAtomic } from '../../core/files.ts';
import type { Log } from '../../core/log/log.ts';
import { GIT_ERRORS } from '../errors.ts';
import type { GitSettings } from '../settings.ts';
import { faultOfKey, type KeyFault, MAX_KEY_BYTES, mendKey } from './ssh-key.ts';

/** Quotes a word for the shell that git runs GIT_SSH_COMMAND with. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path in the value of an ssh option (ssh_config(5)): split at blanks, with quotes, backslashes and %-tokens. */
function sshPath(path: string): string {
  const escaped = path.replaceAll('%', '%%').replaceAll(/[\\"]/g, '\\$&');
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(path) ? escaped : `"${escaped}"`;
}

/** `-i` knows no quoting: what ssh would expand in a key's path can only be got rid of by another path. */
const EXPANDED_BY_SSH = /%|^~|\$\{/;

export interface SshCommandInit {
  readonly settings: GitSettings;
  /** The user's own GIT_SSH_COMMAND, if any. */
  readonly base: string | undefined;
  /** Key files as ssh is to open them. */
  readonly keyFiles: readonly string[];
  /** Further words, after all others. */
  readonly more?: readonly string[] | undefined;
}

function verbosityFlag(verbosity: number): string[] {
  if (verbosity >= 9) {
    return ['-vvv'];
  }
  if (verbosity >= 7) {
    return ['-vv'];
  }
  return verbosity >= 5 ? ['-v'] : [];
}

/** The value of GIT_SSH_COMMAND (contract: base, -v, -i per key, host key options). */
export function sshCommand({ settings, base, keyFiles, more = [] }: SshCommandInit): string {
  const { knownHosts, knownHostsFile } = settings.ssh;
  const hosts = knownHosts
    ? ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${sshPath(knownHostsFile)}`]
    : ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
  const keys = keyFiles.flatMap((file) => ['-i', file]);
  const words = [...verbosityFlag(settings.verbosity), ...keys, ...hosts, ...more];
  return [base === undefined || base === '' ? 'ssh' : base, ...words.map(shellQuote)].join(' ');
}

/**
 * ssh refuses a key that others can read, and a Secret with fsGroup is exactly that: then it gets a private copy. So
 * does a key whose path ssh would not take as it is, and one whose line ends it would not.
 */
async function usableKey(file: string, index: number, runtimePath: string, log: Log): Promise<string> {
  let mode: number;
  let owner: number;
  let size: number;
  let isFile: boolean;
  try {
    const status = await stat(file);
    ({ mode, uid: owner, size } = status);
    isFile = status.isFile();
    await access(file, constants.R_OK);
  } catch (error) {
    // Said at each sync: at a level that nobody reads by chance when the default file is simply not used.
    log.at(systemErrorCode(error) === 'ENOENT' ? 3 : 0, 'SSH key file is not readable', {
      path: file,
      reason: systemErrorCode(error) ?? 'unknown',
    });
    return file;
  }
  // ssh only minds the mode of files that its own user owns; root's are checked always.
  const isOurs = owner === process.getuid?.() || process.getuid?.() === 0;
  const isPrivate = (mode & 0o077) === 0 || !isOurs;
  const original = isFile && size <= MAX_KEY_BYTES ? await readFile(file) : undefined;
  const content = original && mended(original);
  if (
    original === undefined ||
    content === undefined ||
    (isPrivate && !EXPANDED_BY_SSH.test(file) && content.equals(original))
  ) {
    return file;
  }
  const copy = join(runtimePath, `ssh-key-${index}-${basename(file).replaceAll(/[^A-Za-z0-9._-]/g, '_')}`);
  const earlier = await readFile(copy).catch(() => undefined);
  if (earlier === undefined || !content.equals(earlier)) {
    await writeFileAtomic(copy, content, { mode: 0o600, fsync: false });
  }
  return copy;
}

function mended(content: Buffer): Buffer {
  const text = content.toString('latin1');
  const better = mendKey(text);
  return better === text ? content : Buffer.from(better, 'latin1');
}

/** What speaks against a key file, a missing one included; undefined when ssh can use it as `mendKey` leaves it. */
export async function faultOfKeyFile(path: string): Promise<KeyFault | undefined> {
  try {
    const text = await readTextIfExists(path, MAX_KEY_BYTES);
    return text === undefined
      ? { problem: 'does not exist', hint: 'mount the Secret there, or name the key with --ssh-key-file' }
      : faultOfKey(text);
  } catch (error) {
    return { problem: `cannot be read: ${errorMessage(error)}`, hint: 'mount the key as a readable file' };
  }
}

/** A refusal by the server, with the reason where none of the keys could be used at all. */
export async function explainRefusal(error: unknown, { ssh }: GitSettings): Promise<unknown> {
  if (!GIT_ERRORS.ssh_key_refused.matches(error)) {
    return error;
  }
  const faults = await Promise.all(ssh.keyFiles.map(faultOfKeyFile));
  const [first] = faults;
  if (first === undefined || faults.includes(undefined)) {
    return error;
  }
  const keyFault = `${ssh.keyFiles[0] ?? 'the key'} ${first.problem}: ${first.hint}`;
  return GIT_ERRORS.ssh_key_refused({ message: error.message, keyFault });
}

/** The key files in the order given, each usable by ssh; called before each sync, since Secrets are rotated. */
export function prepareKeys(settings: GitSettings, runtimePath: string, log: Log): Promise<string[]> {
  return Promise.all(settings.ssh.keyFiles.map((file, index) => usableKey(file, index, runtimePath, log)));
}

/** Whether the repository, or a submodule of it, may be reached over ssh. */
export function mayUseSsh(settings: GitSettings): boolean {
  return settings.submodules !== 'off' || !/^(https?|file):\/\/|^\//.test(settings.repo);
}
