import { describe, expect, it } from 'vitest';
import { diagnose, GIT_ERRORS } from './errors.ts';

// What the programs really say: git 2.39, OpenSSH 9.2, curl 7.88.
const SAYINGS: readonly (readonly [string, string])[] = [
  ["fatal: couldn't find remote ref nope", 'ref_not_found'],
  ['fatal: remote error: upload-pack: not our ref 0123', 'ref_not_found'],
  [
    "fatal: remote error: upload-pack: not our ref 0123\nfatal: Fetched in submodule path 'sub', but it did not contain 0123.",
    'submodule_commit_not_found',
  ],
  ['@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.', 'host_key_changed'],
  ['Host key verification failed.\nfatal: Could not read from remote repository.', 'host_key_unknown'],
  ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'ssh_key_refused'],
  [
    'Load key "/etc/git-secret/ssh": Permission denied\nfatal: Could not read from remote repository.',
    'ssh_key_refused',
  ],
  ["fatal: Authentication failed for 'http://h/r/'", 'auth_failed'],
  ["fatal: could not read Username for 'http://h': terminal prompts disabled", 'auth_failed'],
  ["fatal: unable to access 'https://h/': Could not resolve host: h", 'remote_unreachable'],
  [
    "fatal: unable to access 'http://h/': Failed to connect to h port 80: Connection refused",
    'remote_unreachable',
  ],
  ["fatal: unable to access 'https://h/': SSL certificate problem: self signed certificate", 'tls_failed'],
  ["fatal: repository 'http://h/none/' not found", 'repository_not_found'],
  ["fatal: '/none' does not appear to be a git repository", 'repository_not_found'],
  [
    "fatal: '/none' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    'repository_not_found',
  ],
  ['ERROR: Repository not found.\nfatal: Could not read from remote repository.', 'repository_not_found'],
  ['No user exists for uid 12345\nfatal: Could not read from remote repository.', 'user_unknown'],
  ["fatal: Unable to create '/r/.git/shallow.lock': File exists.", 'stale_lock'],
  [
    "fatal: Unable to create temporary file '/r/.git/objects/pack/tmp_pack_XXXXXX': Permission denied\nfatal: fetch-pack: invalid index-pack output",
    'root_of_another_user',
  ],
  [
    'error: insufficient permission for adding an object to repository database ./objects',
    'root_of_another_user',
  ],
  ['fatal: write error: No space left on device', 'disk_full'],
  ['error: packfile ./objects/pack/pack-1.pack is far too short to be a packfile', 'repository_corrupt'],
  ['fatal: loose object 1234 (stored in .git/objects/12/34) is corrupt', 'repository_corrupt'],
  ['fatal: index file corrupt', 'repository_corrupt'],
  ["fatal: transport 'file' not allowed", 'transport_refused'],
  [
    'panic: sync: negative WaitGroup counter\n\tgithub.com/git-lfs/git-lfs/tq/transfer_queue.go:164\nfatal: the remote end hung up unexpectedly',
    'lfs_failed',
  ],
  ["fatal: couldn't find remote ref HEAD", 'head_not_found'],
  ["fatal: couldn't find remote ref HEAD2", 'ref_not_found'],
  [
    'fatal: unable to update url base from redirection:\n  asked for: http://h/r/info/refs\n   redirect: http://h/login',
    'web_page',
  ],
  ['fatal: http://h/r/info/refs not valid: is this a git repository?', 'web_page'],
  ["fatal: unable to access 'http://h/r/': Maximum (20) redirects followed", 'redirect_loop'],
  ["fatal: unable to access 'http://h/r/': The requested URL returned error: 407", 'proxy_refused'],
  ["fatal: unable to access 'https://h/r/': CONNECT tunnel failed, response 407", 'proxy_refused'],
  // curl 7.x before 7.87.
  [
    "fatal: unable to access 'https://h/r/': Received HTTP code 407 from proxy after CONNECT",
    'proxy_refused',
  ],
  ["fatal: invalid filter-spec 'blobnone'", 'bad_filter'],
  ['fatal: dumb http transport does not support shallow capabilities', 'dumb_http'],
  ["fatal: unable to access 'http://h/a b/': URL using bad/illegal format or missing URL", 'bad_address'],
  // curl 8.
  ["fatal: unable to access 'http://h/a b/': URL rejected: Malformed input to a URL function", 'bad_address'],
  ["fatal: protocol ' http' is not supported", 'bad_address'],
  ["git: 'remote-htps' is not a git command. See 'git --help'.", 'bad_address'],
  ["fatal: detected dubious ownership in repository at '/repo'", 'foreign_repository'],
];

describe('the diagnosis of what git says', () => {
  it.each(SAYINGS)('%j is %s', (stderr, code) => {
    expect(diagnose(stderr)).toBe(code);
  });

  it('is none for what nobody has seen before', () => {
    expect(diagnose('fatal: a new kind of trouble')).toBeUndefined();
  });

  it('always says what to try', () => {
    for (const [stderr] of SAYINGS) {
      const code = diagnose(stderr) ?? 'git_failed';
      expect(GIT_ERRORS[code]({ message: stderr }).hint?.length).toBeGreaterThan(20);
    }
  });
});
