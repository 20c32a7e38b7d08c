/** What a failure of git says about the repository, in the words of these commands. */
import { errorMessage, isPillionError, type PillionError } from '../../../core/errors.ts';
import { GIT_ERRORS, type GitErrorCode } from '../../../git/errors.ts';
import { BACKUP_ERRORS } from '../../errors.ts';
import type { UnknownReason } from '../../model.ts';
import { outOfRoom } from '../no-room.ts';

interface Meaning {
  readonly kind: UnknownReason['kind'];
  /** In place of git's own, which speaks of git-sync: its options, its root, what it has published. */
  readonly hint?: string;
}

const NETWORK = 'check the address, the network and the server';
/** Nothing that a backup asks for has such an answer, but a server may say anything. */
const NOT_ASKED_FOR: Meaning = { kind: 'failed', hint: 'check --repository, and what its server says' };

/** Of every failure that git can have, and of those of its credentials. */
const MEANINGS: Readonly<Record<GitErrorCode | 'password_file_unreadable', Meaning>> = {
  remote_unreachable: { kind: 'unreachable', hint: NETWORK },
  tls_failed: { kind: 'unreachable', hint: "trust the server's authority with --cacert" },
  web_page: {
    kind: 'unreachable',
    hint: 'a web page answers in place of the repository: check the address in --repository',
  },
  redirect_loop: {
    kind: 'failed',
    hint: 'the server, or a proxy before it, redirects again and again: check the address in --repository',
  },
  proxy_refused: { kind: 'unreachable' },
  sync_timeout: {
    kind: 'unreachable',
    hint: 'check the address, the network and the server, or raise --call-timeout',
  },
  host_key_changed: { kind: 'denied' },
  host_key_unknown: {
    kind: 'denied',
    hint: 'put the output of ssh-keyscan for this host into the file of --ssh-known-hosts-file',
  },
  ssh_key_refused: { kind: 'denied' },
  auth_failed: { kind: 'denied' },
  password_file_unreadable: { kind: 'denied' },
  repository_not_found: {
    kind: 'absent',
    hint: 'check --repository: there is nothing, or the key may not see it; a new repository is made on the server',
  },
  bad_address: { kind: 'failed', hint: 'check --repository: git can make nothing of this address' },
  transport_refused: {
    kind: 'failed',
    hint: 'check --repository: git refuses this protocol; https, ssh and file are those that it takes',
  },
  dumb_http: {
    kind: 'failed',
    hint: "the server has files only (git's dumb protocol), and takes no backup: name another in --repository",
  },
  head_not_found: NOT_ASKED_FOR,
  ref_not_found: {
    kind: 'failed',
    hint: 'the branch of the backups, or a commit of it, has gone: see who else changes this repository',
  },
  foreign_repository: {
    kind: 'failed',
    hint: 'the repository belongs to another user, whom git does not trust: give it to the user this runs as (chown)',
  },
  root_of_another_user: {
    kind: 'failed',
    hint: 'the repository or the work directory cannot be written by the user this runs as: give it to this one (fsGroup, chown)',
  },
  stale_lock: {
    kind: 'failed',
    hint: 'a git that crashed left a lock, which the message names: remove it when no other git works there',
  },
  repository_corrupt: { kind: 'damaged', hint: 'see `git fsck` in the repository' },
  object_malformed: { kind: 'damaged', hint: 'see `git fsck` in the repository' },
  git_missing: { kind: 'tool', hint: 'install git: the image of Pillion has it' },
  user_unknown: { kind: 'tool', hint: 'ssh needs a passwd entry for this user: install libnss-wrapper' },
  disk_full: { kind: 'failed', hint: 'give the work directory more room: --work-dir' },
  git_failed: { kind: 'failed' },
  bad_filter: NOT_ASKED_FOR,
  submodule_commit_not_found: NOT_ASKED_FOR,
  lfs_failed: NOT_ASKED_FOR,
  lfs_missing: NOT_ASKED_FOR,
};

/** Answers that break off, or are not git's: something between is not as it should be. */
const BROKEN_ANSWER =
  /protocol error|unexpected (?:EOF|flush|response)|bad line length|invalid server response|expected flush|early EOF|transfer closed|disconnect/i;

export function reasonOf(error: unknown): UnknownReason {
  if (!isPillionError(error)) {
    return { kind: 'failed', message: errorMessage(error), hint: undefined };
  }
  const { kind, hint } = meaningOf(error);
  return { kind, message: shortMessage(error), hint: hint ?? error.hint };
}

const hasMeaning = (code: string): code is keyof typeof MEANINGS => code in MEANINGS;

function meaningOf(error: PillionError): Meaning {
  if (GIT_ERRORS.git_failed.matches(error) && BROKEN_ANSWER.test(error.message)) {
    return { kind: 'unreachable', hint: NETWORK };
  }
  return hasMeaning(error.code) ? MEANINGS[error.code] : { kind: 'failed' };
}

/**
 * The same failure for people who have never heard of `git fast-import`; others stay as they are. No code of git gets
 * past this, so that the references of these commands list none (scripts/docs/commands.ts).
 */
export function inOurWords(error: unknown): unknown {
  if (!isPillionError(error) || !(error.code in GIT_ERRORS)) {
    return error;
  }
  const { message, hint } = reasonOf(error);
  if (GIT_ERRORS.disk_full.matches(error)) {
    return BACKUP_ERRORS.no_space({ message: `git has no room: ${message}` }, { cause: error });
  }
  return BACKUP_ERRORS.repository_unknown({ message, hint }, { cause: error });
}

/** What git could not write during a backup was on the server, or in the work directory. */
export function withoutRoomToStore(error: unknown, workDir: string): unknown {
  if (!GIT_ERRORS.disk_full.matches(error)) {
    return error;
  }
  const isRemote = /remote: |remote unpack failed|unpacker error/.test(error.message);
  return outOfRoom(isRemote ? shortMessage(error) : `${workDir}: ${shortMessage(error)}`, workDir, error);
}

/** The words that git and ssh had last are the reason; the command that was run is not. Exported for its test. */
export function shortMessage({ code, message }: Pick<PillionError, 'code' | 'message'>): string {
  if (code === GIT_ERRORS.sync_timeout.code) {
    return 'git had no answer in time';
  }
  if (code === GIT_ERRORS.git_missing.code) {
    return 'there is no git to run';
  }
  const stderr = /stderr: ("(?:[^"\\]|\\.){0,10000}")/.exec(message)?.[1];
  if (stderr === undefined) {
    return message;
  }
  const lines = String(JSON.parse(stderr))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !NOISE.test(line));
  return (lines.find((line) => /^(?:fatal|error|ERROR):/.test(line)) ?? lines[0] ?? message).slice(0, 500);
}

/** What ssh said before is the reason. */
const NOISE =
  /^(?:Cloning into|warning: |hint: |Please make sure|and the repository exists|fatal: Could not read from remote)/;
