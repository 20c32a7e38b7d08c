import type { Secrets } from './log/secrets.ts';

/** What a command gets from the outside world; tests pass their own. */
export interface CommandContext {
  /** Arguments after the command's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Base name the program was started under, e.g. `pillion`, `git-sync`, `supercronic`. */
  readonly startedAs: string;
  /** What must never be printed, from the first option that is read. */
  readonly secrets: Secrets;
  stdout(text: string): void;
  stderr(text: string): void;
}

/** An exit code, or the signal the process should die of after it has cleaned up. */
export type ExitStatus = number | { readonly signal: NodeJS.Signals };

export interface CommandModule {
  run(context: CommandContext): Promise<ExitStatus>;
}

/** A row of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Other names the program may be started under that mean this command. */
  readonly startedAs?: readonly string[];
  readonly load: () => Promise<CommandModule>;
}
