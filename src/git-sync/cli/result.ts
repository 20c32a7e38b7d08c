/** What reading a command line gives, in either dialect. */
import type { Secrets } from '../../core/log/secrets.ts';
import type { GitSyncSettings } from '../settings.ts';

export interface ParseInput {
  /** Arguments after the program's (or command's) name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Base name the program was started under. */
  readonly startedAs: string;
  readonly cwd: string;
  /** Home directory for v3's default root; $HOME if not given. */
  readonly home?: string | undefined;
  /** Gets every secret as soon as it is seen, so that nothing prints it from then on. */
  readonly secrets: Secrets;
}

export interface LogNote {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Notes {
  /** Plain lines (without newline) for stderr before the first log line. */
  readonly stderr: readonly string[];
  /** Lines for the log at verbosity 0. */
  readonly log: readonly LogNote[];
}

export interface RunResult {
  readonly kind: 'run';
  readonly settings: GitSyncSettings;
  readonly notes: Notes;
}

export interface ExitResult {
  readonly kind: 'exit';
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--error-file` is to hold; the paths are absolute. */
  readonly errorFile?: { readonly root: string; readonly path: string; readonly text: string };
}

export type ParseResult = RunResult | ExitResult;

/** Lines as they are printed: each with its newline. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
