import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sshDestination, uploadPackCommand } from './ssh-destination.ts';

const directory = mkdtempSync(join(tmpdir(), 'pillion-ssh-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The words that git gives to ssh for an address. */
function wordsOfGit(repo: string): string[] {
  const said = join(directory, 'said');
  const program = join(directory, 'ssh');
  writeFileSync(program, `#!/bin/sh\nfor word; do echo "$word"; done >'${said}'\nexit 1\n`, { mode: 0o755 });
  try {
    execFileSync('git', ['ls-remote', repo], {
      env: { PATH: process.env['PATH'], GIT_SSH: program, GIT_SSH_VARIANT: 'ssh' },
      stdio: 'ignore',
    });
  } catch {
    // The server is missing, as it should be.
  }
  const words = readFileSync(said, 'utf8').trim().split('\n');
  const start = words[0] === '-o' ? 2 : 0; // -o SendEnv=GIT_PROTOCOL
  return words.slice(start);
}

it.each([
  'git@github.com:foo/bar.git',
  'github.com:foo/bar.git',
  'ssh://git@github.com/foo/bar.git',
  'ssh://github.com:2222/foo',
  'ssh://git@127.0.0.1:22/~/x',
  'ssh://git@[::1]:2022/x',
  'ssh://[::1]/x',
  'git@[::1]:x',
  'host:~user/x',
  'host:/~user/x',
  "ssh://host/it's here!/x.git",
  'ssh://host//x',
])('%s is reached with the words that git uses', (repo) => {
  expect([...(sshDestination(repo) ?? []), uploadPackCommand(repo)]).toEqual(wordsOfGit(repo));
});

it.each([
  'host:-x',
  'ssh://host/a%20b',
  'ssh://host',
  'host:',
  'ssh://host/a\nb',
  'https://host/x',
  '/srv/x',
])('what %j is asked for is left to git', (repo) => {
  expect(uploadPackCommand(repo)).toBeUndefined();
});

it.each([
  'https://github.com/foo/bar',
  'file:///srv/x',
  '/srv/x',
  './a:b',
  'ssh://-oProxyCommand=x/y',
  '-x:y',
  'ssh://user%40x@host/y',
  'a b:c',
  'ssh://',
  'git+ssh://h/x',
  'SSH://h/x',
  '@h:x',
  'ssh://@h/x',
  '[u@h:22]:x',
  'ssh://h:65536/x',
  'gcrypt::rsync',
  'gcrypt::git@host:x',
])('%s is no address of ssh that is understood', (repo) => {
  expect(sshDestination(repo)).toBeUndefined();
});
