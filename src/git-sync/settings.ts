/**
 * What a git-sync run is asked to do, whichever dialect said it. Durations are milliseconds.
 * Paths are as the user gave them, made absolute where the dialect says so.
 */
export type Dialect = 'v4' | 'v3';

/** A username and password for the URLs that start with `url`; exactly one of password and passwordFile is set. */
export interface Credential {
  readonly url: string;
  readonly username: string;
  readonly password?: string;
  /** Re-read before each sync (v3: read once at start, which re-reading serves too). */
  readonly passwordFile?: string;
}

export interface ExecHook {
  readonly command: string;
  readonly timeoutMs: number;
  readonly backoffMs: number;
}

export interface WebHook {
  readonly url: string;
  readonly method: string;
  /** 0 accepts any answer. */
  readonly successStatus: number;
  readonly timeoutMs: number;
  readonly backoffMs: number;
}

export interface GitHubApp {
  readonly baseUrl: string;
  /** The JWT's `iss`: the client id or the application id. */
  readonly issuer: string;
  readonly installationId: number;
  readonly privateKey?: string;
  readonly privateKeyFile?: string;
}

/** What to follow: v4 has one ref, v3 a branch and a revision in it. */
export type Follow =
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'branch'; readonly branch: string; readonly rev: string };

export interface GitConfigPair {
  readonly key: string;
  readonly value: string;
}

export interface GitSyncSettings {
  readonly dialect: Dialect;
  /** Without user info when it is http(s): that has become the first credential. */
  readonly repo: string;
  readonly follow: Follow;
  /** 0 is the full history. */
  readonly depth: number;
  readonly filter: string;
  readonly submodules: 'recursive' | 'shallow' | 'off';
  readonly sparseCheckoutFile: string;
  readonly root: string;
  /** Absolute, or relative to the root with its symlinks resolved. Likewise touchFile. */
  readonly link: string;
  readonly touchFile: string;
  /** Absolute, or relative to the root as it was given. */
  readonly errorFile: string;
  readonly periodMs: number;
  /** The wait until the first success. */
  readonly initPeriodMs: number;
  readonly syncTimeoutMs: number;
  readonly oneTime: boolean;
  readonly syncOnSignal?: NodeJS.Signals;
  /** The pass ends the process at the Nth failure in a row; 0 and 1 are the same, negative is never. */
  readonly maxFailures: number;
  /** The same until the first success. */
  readonly initMaxFailures: number;
  readonly addUser: boolean;
  readonly groupWrite: boolean;
  /** v3: mode for every file and directory of a new worktree; 0 leaves them alone. */
  readonly changePermissions: number;
  readonly staleWorktreeTimeoutMs: number;
  readonly exechook?: ExecHook;
  readonly prePublishHook?: ExecHook;
  readonly webhook?: WebHook;
  readonly credentials: readonly Credential[];
  /** v3 uses the keys only with -ssh. */
  readonly ssh: {
    readonly keyFiles: readonly string[];
    readonly knownHosts: boolean;
    readonly knownHostsFile: string;
    /** v3 without -ssh: git runs ssh its own way, with none of these. */
    readonly plain?: boolean;
  };
  /** Files without which the start fails (v3 checks its keys), and what each is for. */
  readonly mustExist?: readonly { readonly path: string; readonly why: string }[];
  /** Path of the cookie file to use, if any. */
  readonly cookieFile?: string;
  readonly askpassUrl: string;
  readonly githubApp?: GitHubApp;
  /** The git program: a path or a name on PATH. */
  readonly git: string;
  readonly gitConfig: readonly GitConfigPair[];
  readonly gc: 'auto' | 'always' | 'aggressive' | 'off';
  readonly http?: { readonly bind: string; readonly metrics: boolean; readonly pprof: boolean };
  readonly verbosity: number;
  /** What the user set, already safe to log: flag or variable name and value, secrets replaced. */
  readonly shown: Readonly<Record<string, string>>;
}
