/** What can go wrong with git: each code with its advice, and the words of git, ssh and curl that tell which it is. */
import { defineErrors, errorMessage, type PillionError } from '../core/errors.ts';
import { ExecError } from '../core/exec/exec-error.ts';
import { FULL_DISK_WORDS, isFullDisk } from '../core/full-disk.ts';

const said = ({ message }: { readonly message: string }) => message;

/**
 * The hints name options as git-sync's v4 command line has them, since it shows them as they are. Whoever has other
 * options gives hints of its own: git-sync's v3 command line (`adviceIn`), backups (`engines/git/reason.ts`).
 */
export const GIT_ERRORS = defineErrors({
  stale_lock: {
    message: said,
    hint: 'a crashed git left a lock; it is removed and the sync tried again',
  },
  disk_full: {
    message: said,
    hint: 'the volume is full: raise its size limit, or fetch less with --depth=1',
  },
  root_of_another_user: {
    message: said,
    hint: 'files below --root cannot be written by the user this runs as, often since an earlier one ran as another (runAsUser): give them to this one (fsGroup, chown), or start on an empty volume',
  },
  submodule_commit_not_found: {
    message: said,
    hint: ({ isBeyondDepth = false }: { readonly isBeyondDepth?: boolean }) =>
      isBeyondDepth
        ? 'the server of the submodule gives no commit by its name, and so many commits of its branches do not reach it: use --depth=0'
        : 'a submodule stands at a commit that its repository does not have: push it there, or use --submodules=off',
    about: 'a submodule stands at a commit that its repository does not have, or not within --depth',
  },
  head_not_found: {
    message: said,
    hint: 'the remote repository has no HEAD: nothing was pushed to it yet, or its default branch does not exist; name a branch with --ref',
  },
  ref_not_found: {
    message: said,
    hint: 'check --ref: the branch, tag or commit does not exist in the remote repository',
  },
  host_key_changed: {
    message: said,
    hint: 'the server shows another key than the known_hosts file has: find out whether it was replaced on purpose, and only then put its new key there',
  },
  host_key_unknown: {
    message: said,
    hint: 'put the output of ssh-keyscan for this host into the known_hosts file (--ssh-known-hosts-file), or set --ssh-known-hosts=false',
  },
  user_unknown: {
    message: said,
    hint: 'ssh needs a passwd entry for this user: use --add-user where /etc/passwd can be written, install libnss-wrapper, or run as a user of the image',
  },
  ssh_key_refused: {
    message: said,
    hint: ({ keyFault }: { readonly keyFault?: string }) =>
      keyFault ??
      'the server accepts none of the keys: check --ssh-key-file, that the Secret is mounted and readable, and that the key may read the repository',
    about:
      'the server accepts none of the keys, or ssh can use none: then the hint names the fault (a passphrase, a public key, no key at all, no such file)',
  },
  auth_failed: {
    message: said,
    hint: 'check the username and the password or token, and that it may read this repository',
  },
  tls_failed: {
    message: said,
    hint: "trust the server's CA with --git-config http.sslCAInfo:<file>",
  },
  repository_not_found: {
    message: said,
    hint: 'check --repo: there is no git repository at this address, or the credentials may not see it; without https:// or user@host: it is a path of this machine',
  },
  web_page: {
    message: said,
    hint: 'a web page answers in place of the repository (a sign-in page, a portal, a proxy): check --repo, and give credentials that work without a browser',
  },
  redirect_loop: {
    message: said,
    hint: 'the server, or a proxy before it, redirects again and again: check --repo (http or https, the path), and what it answers to a browser that is not signed in',
  },
  proxy_refused: {
    message: said,
    hint: 'the proxy that https_proxy, http_proxy or http.proxy names does not let this through: give it a user and a password if it asks for them (407), or name the host in no_proxy',
  },
  bad_address: {
    message: said,
    hint: 'check --repo: git can make nothing of this address; a blank in it is written %20',
  },
  bad_filter: {
    message: said,
    hint: 'check the filter of the partial clone: blob:none, blob:limit=<size>, tree:<depth> or sparse:oid=<blob> are what git knows',
  },
  dumb_http: {
    message: said,
    hint: "the server has files only (git's dumb protocol), which can be fetched as a whole: use --depth=0, and filter nothing",
  },
  foreign_repository: {
    message: said,
    hint: 'the repository belongs to another user, whom git does not trust: give it to the user this runs as, or trust it with --git-config safe.directory:<path>',
  },
  remote_unreachable: {
    message: said,
    hint: 'the server did not answer properly: check the address and the network; the published data stays as it is',
  },
  transport_refused: {
    message: said,
    hint: 'git refuses this protocol here; if you trust it, allow it with --git-config protocol.<name>.allow:always',
  },
  repository_corrupt: {
    message: said,
    hint: 'the local copy is damaged; it is rebuilt next to the published data',
  },
  object_malformed: {
    message: said,
    hint: 'the repository holds an object that is not as git makes it (the message says which, and how): mend it there, or accept this kind with --git-config fetch.fsck.<kind>:ignore',
  },
  git_failed: {
    message: said,
    about: 'git failed in a way that is not known: its own words are in the message',
  },
  lfs_failed: {
    message: said,
    hint: 'a large file of Git LFS cannot be fetched: check that it was pushed, that the credentials may read it, and whether .lfsconfig names another server; large ones need a longer --sync-timeout, what has come is kept',
  },
  lfs_missing: {
    message: 'git-lfs is not installed, which --lfs needs',
    hint: 'install git-lfs, or use the image, which has it',
  },
  git_missing: { message: said, hint: 'install git, or say where it is with --git' },
  sync_timeout: {
    message: said,
    hint: 'the server or the disk is slow: raise --sync-timeout, or fetch less with --depth=1',
  },
});

export type GitErrorCode = keyof typeof GIT_ERRORS;

type Diagnosis = readonly [
  code: GitErrorCode,
  /** Without `.*`, which is quadratic in what hostile servers say. */
  pattern: RegExp | undefined,
  /** Words that tell it when they follow each other in one line; case does not count. */
  ...inOrder: readonly (readonly [string, string])[],
];

/** First match wins. */
const DIAGNOSES: readonly Diagnosis[] = [
  ['object_malformed', /fsck error in packed object/],
  ['stale_lock', /Another git process seems to be running/, ["Unable to create '", ".lock': File exists"]],
  [
    'root_of_another_user',
    /Unable to create (temporary file )?'[^']*': Permission denied|insufficient permission for adding an object/,
  ],
  ['disk_full', FULL_DISK_WORDS],
  // In a checkout git does not say why it cannot write a file; missing rights would show when it is created.
  ['disk_full', /unable to write file/],
  ['lfs_failed', /smudge filter lfs failed|external filter 'git-lfs|github\.com\/git-lfs\//],
  ['submodule_commit_not_found', undefined, ['in submodule path ', ' did not contain']],
  ['head_not_found', /couldn't find remote ref HEAD\s*$/im],
  [
    'ref_not_found',
    /couldn't find remote ref|not our ref|no such ref|unadvertised object/i,
    ['Remote branch ', ' not found'],
  ],
  ['foreign_repository', /detected dubious ownership/],
  ['bad_filter', /invalid filter-spec/],
  ['dumb_http', /dumb http transport does not support/],
  ['web_page', /unable to update url base from redirection|info\/refs not valid: is this a git repository/],
  ['redirect_loop', /Maximum \(\d+\) redirects followed/],
  ['proxy_refused', /returned error: 407|CONNECT tunnel failed|from proxy after CONNECT/i],
  [
    'bad_address',
    /bad\/illegal format or missing URL|URL rejected|[Uu]nable to find remote helper for|no host in url/,
    ["'remote-", "' is not a git command"],
    ["protocol '", "' is not supported"],
  ],
  ['host_key_changed', /REMOTE HOST IDENTIFICATION HAS CHANGED/],
  ['host_key_unknown', /Host key verification failed/, ['No ', ' host key is known']],
  ['user_unknown', /No user exists for uid|you don't exist/i],
  [
    'ssh_key_refused',
    /Permission denied \(|no such identity/,
    ['Load key ', ': invalid format'],
    ['Load key ', ': Permission denied'],
    ['Load key ', ': No such file'],
    ['Load key ', ': error in libcrypto'],
  ],
  [
    'auth_failed',
    /Authentication failed|could not read (Username|Password)|HTTP Basic: Access denied|returned error: 40[13]|Invalid username or (password|token)/,
  ],
  ['tls_failed', /SSL certificate problem|server certificate verification failed|certificate verify failed/i],
  // Before remote_unreachable: ssh and file add "Could not read from remote repository" to whatever is wrong.
  [
    'repository_not_found',
    /repository not found|does not appear to be a git repository|returned error: 404/i,
    ['repository ', ' not found'],
  ],
  [
    'remote_unreachable',
    /Could not resolve host|Couldn't connect to server|Failed to connect|Connection (refused|reset|timed out|closed)|Network is unreachable|No route to host|early EOF|the remote end hung up|unexpected disconnect|returned error: (5\d\d|429)|Could not read from remote repository|Empty reply from server|RPC failed|Operation timed out|gnutls_handshake/i,
  ],
  ['transport_refused', undefined, ["transport '", "' not allowed"]],
  [
    'repository_corrupt',
    /bad object|missing (blob|tree|commit)|unable to read (tree|sha1 file)|invalid sha1 pointer|not a git repository|index file (corrupt|smaller|open failed)|bad (signature|index file)|Could not parse object|inflate: data stream error|error in object|shallow file|broken (link|ref)|bad config|unable to parse|failed to (traverse|resolve)|reference broken|badTree|did not send all necessary objects|remote did not send/i,
    ['object file ', ' is empty'],
    ['loose object ', ' is corrupt'],
    ['packfile ', ' cannot be'],
    ['packfile ', ' is far too'],
    ['packfile ', ' does not match'],
    ['unable to read ', 'object'],
  ],
];

/** The reason comes last, and a hostile server may say any amount. */
const DIAGNOSED_CHARACTERS = 64 * 1024;

/** The code of a program's error output, if it is a failure we know. */
export function diagnose(stderr: string): GitErrorCode | undefined {
  const last = stderr.slice(-DIAGNOSED_CHARACTERS);
  const lines = last.toLowerCase().split(/[\n\r\u2028\u2029]/);
  const says = (words: readonly [string, string]): boolean => {
    const [first, second] = [words[0].toLowerCase(), words[1].toLowerCase()];
    return lines.some((line) => {
      const at = line.indexOf(first);
      return at !== -1 && line.includes(second, at + first.length);
    });
  };
  return DIAGNOSES.find(([, pattern, ...inOrder]) => pattern?.test(last) || inOrder.some(says))?.[0];
}

const quote = (text: string) => JSON.stringify(text.trim());

function reasonOf({ outcome }: ExecError): string {
  if (outcome.timedOut || outcome.aborted) {
    return 'context deadline exceeded';
  }
  return outcome.signal ? `signal: ${outcome.signal}` : `exit status ${outcome.exitCode ?? 'unknown'}`;
}

function codeOf(error: ExecError): GitErrorCode {
  if (error.code === 'exec_failed') {
    return diagnose(error.outcome.stderr) ?? 'git_failed';
  }
  return error.code === 'exec_not_found' ? 'git_missing' : 'sync_timeout';
}

/**
 * The error of a failed git command, worded as git-sync words it (users grep for it):
 * `Run(<command>): <why>: { stdout: "...", stderr: "..." }`.
 */
export function gitError(error: unknown): unknown {
  if (!(error instanceof ExecError)) {
    return error;
  }
  const { stdout, stderr } = error.outcome;
  const streams = `{ stdout: ${quote(stdout)}, stderr: ${quote(stderr)} }`;
  const message = `Run(${error.command}): ${reasonOf(error)}: ${streams}`;
  // The words of a program that failed are in the message already.
  const cause = error.code === 'exec_failed' ? undefined : error;
  return GIT_ERRORS[codeOf(error)]({ message }, { cause });
}

/** Whether an error means that the volume or its quota is full. */
export function isDiskFull(error: unknown): boolean {
  return GIT_ERRORS.disk_full.matches(error) || isFullDisk(error);
}

/** The same failure as `disk_full`, whichever program or system call found it out. */
export function asDiskFull(error: unknown): PillionError {
  return GIT_ERRORS.disk_full.matches(error)
    ? error
    : GIT_ERRORS.disk_full({ message: errorMessage(error) }, { cause: error });
}
