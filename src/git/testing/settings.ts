/** Settings of git for tests: defaults as git-sync has them, and what a test changes. */
import type { GitSettings } from '../settings.ts';

export function gitSettings(parts: Partial<GitSettings> = {}): GitSettings {
  return {
    repo: 'https://git.example.com/team/site.git',
    submodules: 'recursive',
    credentials: [],
    ssh: sshSettings(),
    askpassUrl: '',
    gitConfig: [],
    verbosity: 0,
    ...parts,
  };
}

export function sshSettings(parts: Partial<GitSettings['ssh']> = {}): GitSettings['ssh'] {
  return {
    keyFiles: ['/etc/git-secret/ssh'],
    knownHosts: true,
    knownHostsFile: '/etc/git-secret/known_hosts',
    ...parts,
  };
}
