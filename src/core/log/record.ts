/** What a record says besides its message; values may be anything, they never break logging. Durations as strings. */
export type Fields = Readonly<Record<string, unknown>>;

export type Severity = 'error' | 'warn' | 'info';

/** One thing to log, as data. */
export interface LogRecord {
  readonly severity: Severity;
  /** 0 for errors and warnings. */
  readonly verbosity: number;
  /** '' for the main logger. */
  readonly logger: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly message: string;
  /** Only errors have one; undefined when the error line was not caused by an exception. */
  readonly error: string | undefined;
  readonly fields: Fields;
  readonly caller: Caller | undefined;
}

/** Where in the program the line was written. */
export interface Caller {
  /** Base name. */
  readonly file: string;
  readonly line: number;
}

export type Redact = (text: string) => string;

/** How the lines of a log look. */
export interface LogFormat {
  /** A record as one line of text without its newline, all that came from outside redacted. */
  line(record: LogRecord, redact: Redact): string;
  /** Whether the lines say where in the program they were written. */
  readonly withCaller?: boolean;
}
