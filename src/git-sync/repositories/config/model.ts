/** What a configuration comes to. */
import type { V4Values } from '../../cli/v4/options.ts';
import type { GitSyncSettings } from '../../settings.ts';

/** One repository of a configuration. */
export interface RepositoryConfig {
  /** One of its kind. */
  readonly name: string;
  readonly settings: GitSyncSettings;
}

export interface ProcessConfig {
  /** What the command line, the environment and the top of the file say. */
  readonly values: V4Values;
  /** The options of the process; what belongs to repositories is what they have by default. */
  readonly settings: GitSyncSettings;
  readonly repositories: readonly RepositoryConfig[];
}
