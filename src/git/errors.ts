/** Turns what git, ssh and curl say into a stable code and advice. First match wins; tested row by row. */

import { PillionError } from '../core/errors.ts';
import { ExecError } from '../core/exec/exec-error.ts';

interface Diagnosis {
  readonly code: string;
  readonly pattern: RegExp;
  readonly hint: string;
}

export const DIAGNOSES: readonly Diagnosis[] = [
  {
    code: 'stale_lock',
    pattern: /Unable to create '.*\.lock': File exists|Another git process seems to be running/,
    hint: 'a crashed git left a lock; it is removed and the sync tried again',
  },
  {
    code: 'disk_full',
    // In a checkout git does not say why it cannot write a file; missing rights would show when it is created.
    pattern: /No space left on device|Disk quota exceeded|unable to write file|Out of diskspace/,
    hint: 'the volume is full: raise its size limit, or fetch less with --depth=1',
  },
  {
    code: 'submodule_commit_not_found',
    pattern: /in submodule path .* did not contain/,
    hint: 'a submodule stands at a commit that its repository does not have: push it there, or use --submodules=off',
  },
  {
    code: 'ref_not_found',
    pattern:
      /couldn't find remote ref|Remote branch .* not found|not our ref|no such ref|unadvertised object/i,
    hint: 'check --ref: the branch, tag or commit does not exist in the remote repository',
  },
  {
    code: 'host_key_changed',
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    hint: 'the server shows another key than the known_hosts file has: find out whether it was replaced on purpose, and only then put its new key there',
  },
  {
    code: 'host_key_unknown',
    pattern: /Host key verification failed|No .* host key is known/,
    hint: 'put the output of ssh-keyscan for this host into the known_hosts file (--ssh-known-hosts-file), or set --ssh-known-hosts=false',
  },
  {
    code: 'user_unknown',
    pattern: /No user exists for uid|you don't exist/i,
    hint: 'ssh needs a passwd entry for this user: use --add-user where /etc/passwd can be written, install libnss-wrapper, or run as a user of the image',
  },
  {
    code: 'ssh_key_refused',
    pattern:
      /Permission denied \(|Load key .*: (invalid format|Permission denied|No such file|error in libcrypto)|no such identity/,
    hint: 'the server accepts none of the keys: check --ssh-key-file, that the Secret is mounted and readable, and that the key may read the repository',
  },
  {
    code: 'auth_failed',
    pattern:
      /Authentication failed|could not read (Username|Password)|HTTP Basic: Access denied|returned error: 40[13]|Invalid username or (password|token)/,
    hint: 'check the username and the password or token, and that it may read this repository',
  },
  {
    code: 'tls_failed',
    pattern: /SSL certificate problem|server certificate verification failed|certificate verify failed/i,
    hint: "trust the server's CA with --git-config http.sslCAInfo:<file>",
  },
  {
    code: 'repository_not_found',
    // Before remote_unreachable: ssh and file add "Could not read from remote repository" to whatever is wrong.
    pattern: /repository (.* )?not found|does not appear to be a git repository|returned error: 404/i,
    hint: 'check --repo: there is no git repository at this address, or the credentials may not see it',
  },
  {
    code: 'remote_unreachable',
    pattern:
      /Could not resolve host|Couldn't connect to server|Failed to connect|Connection (refused|reset|timed out|closed)|Network is unreachable|No route to host|early EOF|the remote end hung up|unexpected disconnect|returned error: (5\d\d|429)|Could not read from remote repository|Empty reply from server|RPC failed|Operation timed out|gnutls_handshake/i,
    hint: 'the server did not answer properly: check the address and the network; the published data stays as it is',
  },
  {
    code: 'transport_refused',
    pattern: /transport '.*' not allowed/,
    hint: 'git refuses this protocol here; if you trust it, allow it with --git-config protocol.<name>.allow:always',
  },
  {
    code: 'repository_corrupt',
    pattern:
      /object file .* is empty|loose object .* is corrupt|packfile .* (cannot be|is far too|does not match)|bad object|missing (blob|tree|commit)|unable to read (tree|sha1 file|.*object)|invalid sha1 pointer|not a git repository|index file (corrupt|smaller|open failed)|bad (signature|index file)|Could not parse object|inflate: data stream error|error in object|shallow file|broken (link|ref)|bad config|unable to parse|failed to (traverse|resolve)|reference broken|badTree|did not send all necessary objects|remote did not send/i,
    hint: 'the local copy is damaged; it is rebuilt beside the published data',
  },
];

/** The diagnosis of a program's error output, if it is one we know. */
export function diagnose(stderr: string): { code: string; hint: string } | undefined {
  return DIAGNOSES.find((row) => row.pattern.test(stderr));
}

const quote = (text: string) => JSON.stringify(text.trim());

/**
 * The error of a failed git command, worded as git-sync words it (users grep for it):
 * `Run(<command>): <why>: { stdout: "...", stderr: "..." }`.
 */
export function gitError(error: unknown): unknown {
  if (!(error instanceof ExecError)) {
    return error;
  }
  const { outcome } = error;
  const why =
    outcome.timedOut || outcome.aborted
      ? 'context deadline exceeded'
      : outcome.signal
        ? `signal: ${outcome.signal}`
        : `exit status ${outcome.exitCode ?? 'unknown'}`;
  const streams = `{ stdout: ${quote(outcome.stdout)}, stderr: ${quote(outcome.stderr)} }`;
  const found = error.code === 'exec_failed' ? diagnose(outcome.stderr) : undefined;
  return new PillionError({
    code:
      found?.code ??
      (error.code === 'exec_failed'
        ? 'git_failed'
        : error.code === 'exec_not_found'
          ? 'git_missing'
          : 'sync_timeout'),
    message: `Run(${error.command}): ${why}: ${streams}`,
    hint:
      found?.hint ??
      (why === 'context deadline exceeded'
        ? 'the server or the disk is slow: raise --sync-timeout, or fetch less with --depth=1'
        : undefined),
    retryable: true,
    // The words of a program that failed are in the message already.
    ...(error.code === 'exec_failed' ? {} : { cause: error }),
  });
}
