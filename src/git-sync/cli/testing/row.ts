/** What a row about a flag says, and the settings that several rows expect. */
import type { GitSyncSettings } from '../../settings.ts';

/** The settings that a row speaks of; undefined is for what is left out. */
export type Expected = Partial<Record<keyof GitSyncSettings, unknown>>;

export interface Row {
  readonly flag: string;
  /** Spelled value and what it becomes. */
  readonly value: string;
  readonly expected: Expected;
  readonly fallback: Expected;
  /** New name first, then the old ones. */
  readonly env?: readonly string[];
  /** Other flags that the flag needs. */
  readonly also?: readonly string[];
}

export const hook = (command: string, timeoutMs = 30_000, backoffMs = 3000) => ({
  command,
  timeoutMs,
  backoffMs,
});
export const web = (parts: object) => ({
  webhook: {
    url: 'http://w/',
    method: 'POST',
    successStatus: 200,
    timeoutMs: 1000,
    backoffMs: 3000,
    ...parts,
  },
});
export const ssh = (parts: object) => ({
  ssh: {
    keyFiles: ['/etc/git-secret/ssh'],
    knownHosts: true,
    knownHostsFile: '/etc/git-secret/known_hosts',
    keepMs: 60_000,
    ...parts,
  },
});
export const app = (parts: object) => ({
  githubApp: {
    baseUrl: 'https://api.github.com/',
    issuer: 'Iv1',
    installationId: 7,
    privateKeyFile: '/k',
    ...parts,
  },
});
export const APP = [
  '--github-app-client-id=Iv1',
  '--github-app-installation-id=7',
  '--github-app-private-key-file=/k',
];
export const without = (flag: string) => APP.filter((text) => !text.startsWith(`--${flag}=`));
export const both = (name: string) => [`GITSYNC_${name}`, `GIT_SYNC_${name}`];
