/** What git is told about a remote repository: where it is, how to prove who asks, and how git itself is configured. */

/** A username and password for the URLs that start with `url`; exactly one of password and passwordFile is set. */
export interface Credential {
  readonly url: string;
  readonly username: string;
  readonly password?: string;
  /** Re-read before each sync (v3: read once at start, which re-reading serves too). */
  readonly passwordFile?: string;
}

export interface GitHubApp {
  readonly baseUrl: string;
  /** The JWT's `iss`: the client id or the application id. */
  readonly issuer: string;
  readonly installationId: number;
  readonly privateKey?: string;
  readonly privateKeyFile?: string;
}

export interface GitConfigPair {
  readonly key: string;
  readonly value: string;
}

/** How git runs ssh. */
export interface SshSettings {
  readonly keyFiles: readonly string[];
  readonly knownHosts: boolean;
  readonly knownHostsFile: string;
  /** Git runs ssh its own way, with none of these. */
  readonly plain?: boolean;
}

/** A repository and how to prove to its server who asks. */
export interface GitAuthSettings {
  /** Without user info when it is http(s): that has become the first credential. */
  readonly repo: string;
  readonly credentials: readonly Credential[];
  /** Empty when there is none. */
  readonly askpassUrl: string;
  readonly githubApp?: GitHubApp;
  /** Path of the cookie file to use, if any. */
  readonly cookieFile?: string;
  readonly ssh: SshSettings;
  /** Files without which the start fails, and what each is for. */
  readonly mustExist?: readonly { readonly path: string; readonly why: string }[];
}

export interface GitSettings extends GitAuthSettings {
  readonly gitConfig: readonly GitConfigPair[];
  /** Submodules may be on other servers than the repository. */
  readonly submodules: 'recursive' | 'shallow' | 'off';
  /** From 5 on ssh is told to say what it does. */
  readonly verbosity: number;
}
