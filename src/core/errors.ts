/** Facts about a failure that a program can act on; strings, numbers, booleans only, never a secret. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ErrorInit {
  /** Stable, documented identifier, e.g. `ref_not_found`. Never reused for another meaning. */
  readonly code: string;
  /** What failed, on what. One line. */
  readonly message: string;
  /** What the user can try. One line. */
  readonly hint?: string | undefined;
  readonly facts?: ErrorFacts | undefined;
  /** Whether the same action may succeed later without anybody changing anything. */
  readonly retryable?: boolean | undefined;
  /** Exit code of the process when this error ends it: 2 usage, 1 failure. */
  readonly exitCode?: number | undefined;
  readonly cause?: unknown;
}

/** The one error class of the project: a stable code, what failed, and what to try. */
export class PillionError extends Error {
  override readonly name: string = 'PillionError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly facts: ErrorFacts;
  readonly retryable: boolean;
  readonly exitCode: number;

  constructor(init: ErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.hint = init.hint;
    this.facts = init.facts ?? {};
    this.retryable = init.retryable ?? false;
    this.exitCode = init.exitCode ?? 1;
  }
}

/** A wrong command line, environment or configuration file: exit code 2. */
export function usageError(message: string, hint?: string): PillionError {
  return new PillionError({ code: 'usage', message, hint, exitCode: 2 });
}

/** The message of anything that was thrown, on one line. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) {
    return error.message;
  }
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** The system's error code (ENOENT, EACCES, ...), if there is one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return undefined;
}
