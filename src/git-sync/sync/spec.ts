/** What is asked of the sync of one repository. Durations are milliseconds. */
import type { GitSettings } from '../../git/settings.ts';

export type Dialect = 'v4' | 'v3';

/** What to follow: v4 has one ref, v3 a branch and a revision in it. */
export type Follow =
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'branch'; readonly branch: string; readonly rev: string };

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

export interface SyncSpec extends GitSettings {
  /** Decides the layout on disk and the wording of the log. */
  readonly dialect: Dialect;
  readonly follow: Follow;
  /** 0 is the full history. */
  readonly depth: number;
  /** A partial clone filter; empty for none. */
  readonly filter: string;
  readonly sparseCheckoutFile: string;
  /** Absolute. */
  readonly root: string;
  /** Absolute, or relative to the root with its symlinks resolved. Likewise touchFile, which may be empty. */
  readonly link: string;
  readonly touchFile: string;
  readonly syncTimeoutMs: number;
  /** Each hook is run once per commit, whatever comes of it. */
  readonly oneTime: boolean;
  readonly groupWrite: boolean;
  /** Mode for every file and directory of a new worktree; 0 leaves them as they are. */
  readonly changePermissions: number;
  /** How long a worktree stays after it was replaced. */
  readonly staleWorktreeTimeoutMs: number;
  readonly gc: 'auto' | 'always' | 'aggressive' | 'off';
  readonly exechook?: ExecHook;
  readonly prePublishHook?: ExecHook;
  readonly webhook?: WebHook;
  /** The git program: a path or a name on PATH. */
  readonly git: string;
}
