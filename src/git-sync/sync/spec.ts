/** What is asked of the sync of one repository. Durations are milliseconds. */
import type { GitSettings } from '../../git/settings.ts';
import type { hookOptions } from '../options/hooks.ts';
import type { publishOptions } from '../options/publish.ts';
import type { SettingsOf } from '../options/setting.ts';
import type { syncOptions } from '../options/sync.ts';

export type Dialect = 'v4' | 'v3';

/** What to follow: v4 has one ref, v3 a branch and a revision in it. */
export type Follow =
  | { readonly kind: 'ref'; readonly ref: string }
  | { readonly kind: 'branch'; readonly branch: string; readonly rev: string };

/**
 * Most settings are filled by an option each and described there (`options/`). What git is told has its type there, since
 * others use git as well.
 */
type OptionSettings = SettingsOf<typeof syncOptions & typeof publishOptions & typeof hookOptions>;

export interface SyncSpec extends GitSettings, Omit<OptionSettings, keyof GitSettings> {
  /** Decides the layout on disk and the wording of the log. */
  readonly dialect: Dialect;
  readonly follow: Follow;
  /** Absolute. */
  readonly root: string;
  /** Absolute, or relative to the root with its symlinks resolved. Likewise touchFile, which may be empty. */
  readonly link: string;
  /** Mode for every file and directory of a new worktree; 0 leaves them as they are. */
  readonly changePermissions: number;
}

export type ExecHook = NonNullable<SyncSpec['exechook']>;
export type WebHook = NonNullable<SyncSpec['webhook']>;
