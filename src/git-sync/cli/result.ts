/** What reading a command line gives, in either dialect. */
import type { Secrets } from '../../core/log/secrets.ts';
import type { GitSyncSettings } from '../settings.ts';
import type { V4Values } from './v4/options.ts';

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

/** What the command line and the environment say. */
export interface Given {
  readonly values: V4Values;
  /** The options that were given there, and so come before the top of a file. */
  readonly keys: ReadonlySet<string>;
  readonly cwd: string;
  readonly shown: GitSyncSettings['shown'];
}

/** `--config`: what to sync is in a file. */
export interface ConfigResult {
  readonly kind: 'config';
  /** Absolute. */
  readonly file: string;
  readonly given: Given;
  readonly notes: Notes;
}

export type ParseResult = RunResult | ConfigResult | ExitResult;

/** Lines as they are printed: each with its newline. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
