/**
 * What a git-sync run is asked to do, whichever dialect said it. Durations are milliseconds.
 * Paths are as the user gave them, made absolute where the dialect says so.
 */
import type { GitSettings } from '../git/settings.ts';

export type Dialect = 'v4' | 'v3';

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

/** What to follow: v4 has one ref, v3 a branch and a revision in it. */
export type Follow =
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'branch'; readonly branch: string; readonly rev: string };

export interface GitSyncSettings extends GitSettings {
  readonly dialect: Dialect;
  readonly follow: Follow;
  /** 0 is the full history. */
  readonly depth: number;
  readonly filter: string;
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
  /** Whether a user without a passwd entry gets one. */
  readonly addUser: boolean;
  readonly groupWrite: boolean;
  /** v3: mode for every file and directory of a new worktree; 0 leaves them alone. */
  readonly changePermissions: number;
  readonly staleWorktreeTimeoutMs: number;
  readonly exechook?: ExecHook;
  readonly prePublishHook?: ExecHook;
  readonly webhook?: WebHook;
  /** The git program: a path or a name on PATH. */
  readonly git: string;
  readonly gc: 'auto' | 'always' | 'aggressive' | 'off';
  readonly http?: { readonly bind: string; readonly metrics: boolean; readonly pprof: boolean };
  /** What the user set, already safe to log: flag or variable name and value, secrets replaced. */
  readonly shown: Readonly<Record<string, string>>;
}
