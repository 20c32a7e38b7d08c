/** What git is told about a remote repository: where it is, how to prove who asks, and how git itself is configured. */
import type { CredentialScope } from './auth/match.ts';
import type { SourceSettings } from './auth/sources/all.ts';

export type { CommandCredential } from './auth/sources/command.ts';
export type { GitHubApp } from './auth/sources/github-app.ts';
export { IDENTITIES, type Identity, type IdentityCredential } from './auth/sources/identity.ts';
export type { Credential } from './auth/sources/settings.ts';

export interface GitConfigPair {
  readonly key: string;
  readonly value: string;
}

/** How git runs ssh. */
export interface SshSettings {
  readonly keyFiles: readonly string[];
  readonly knownHosts: boolean;
  readonly knownHostsFile: string;
  /** A connection is kept between uses that are no further apart than this, in milliseconds; default 0: none. */
  readonly keepMs?: number;
  /** Git runs ssh its own way, with none of these. */
  readonly plain?: boolean;
}

/** A repository and how to prove to its server who asks. */
export interface GitAuthSettings extends SourceSettings {
  /** Without user info when it is http(s): that has become the first credential. */
  readonly repo: string;
  /** Where a credential is good for. Default: all of its host, as with git. */
  readonly credentialScope?: CredentialScope;
  /** Path of the cookie file to use, if any. */
  readonly cookieFile?: string;
  readonly ssh: SshSettings;
  /** Files without which the start fails, and what each is for. */
  readonly mustExist?: readonly { readonly path: string; readonly why: string }[];
}

export interface GitSettings extends GitAuthSettings {
  readonly gitConfig: readonly GitConfigPair[];
  /** Git checks each object that it receives, and refuses what is malformed. */
  readonly fsck?: boolean;
  /** Git fetches the large files of Git LFS. */
  readonly lfs?: boolean;
  /** Submodules may be on other servers than the repository. */
  readonly submodules: 'recursive' | 'shallow' | 'off';
  /** From 5 on ssh is told to say what it does. */
  readonly verbosity: number;
}
