import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { isPillionError } from '../errors.ts';
import { JSON_FORMAT } from './json-format.ts';
import type { Caller, Fields, LogFormat, LogRecord } from './record.ts';
import { describeError, renderJson } from './render.ts';
import type { Secrets } from './secrets.ts';
import { createLineWriter, type LineWriter } from './write.ts';

export type { Fields } from './record.ts';

/** Writes records, one line each. No method ever throws. */
export interface Log {
  /** Always printed. The message says what could not be done, `error` why; a PillionError adds its code and hint. */
  error(message: string, error?: unknown, fields?: Fields): void;
  /** Always printed. */
  warn(message: string, fields?: Fields): void;
  /** The same as `at(0, ...)`. */
  info(message: string, fields?: Fields): void;
  /** Printed when `verbosity` is not above the configured one. */
  at(verbosity: number, message: string, fields?: Fields): void;
  /** Whether `at(verbosity, ...)` would print: for fields that are costly to compute. */
  enabled(verbosity: number): boolean;
  /** The same log under a name (the `logger` of its lines); the child of a child is `parent/child`. */
  child(name: string): Log;
  /** Resolves when no line waits for a slow reader: await it before taking more of an output that is logged. */
  drained(): Promise<void>;
  /** Writes what waits, synchronously, for at most a second: before the end of the process. */
  flush(): void;
}

/** An error line as data, redacted: for git-sync's error file. */
export interface ErrorRecord {
  /** Name of the logger, '' for the main one. */
  readonly logger: string;
  readonly message: string;
  readonly error: string | undefined;
  readonly fields: Fields;
}

export interface LogOptions {
  /** Default: one JSON object per line. */
  readonly format?: LogFormat | undefined;
  readonly verbosity: number;
  readonly secrets: Secrets;
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Takes the lines. Default: standard error. */
  readonly write?: LineWriter | undefined;
  /** Puts a hint into the words of the user's command line. */
  readonly adviseAs?: ((hint: string) => string) | undefined;
  /** Called for each error line after it was written. */
  readonly onError?: ((record: ErrorRecord) => void) | undefined;
}

/** A log; everything it writes goes through `secrets`. */
export function createLog(options: LogOptions): Log {
  const { format = JSON_FORMAT, clock = systemClock, name = '', verbosity } = options;
  const redact = (text: string): string => options.secrets.redact(text);
  const lostNotice = (lost: number): string => format.line(lossRecord(lost, clock.now()), redact);
  const write = options.write ?? createLineWriter(2, { lostNotice });
  const emit = (record: LogRecord): void => {
    write(format.line(record, redact), record.severity);
    if (record.severity === 'error') {
      options.onError?.(errorRecord(record, redact));
    }
  };
  const adviseAs = options.adviseAs ?? ((hint: string) => hint);
  const core = {
    emit,
    now: () => clock.now(),
    verbosity,
    withCaller: format.withCaller === true,
    adviseAs,
    write,
  };
  return namedLog(core, name);
}

function lossRecord(lost: number, time: number): LogRecord {
  const message = 'log lines lost: the reader was too slow';
  const head = { severity: 'warn', verbosity: 0, logger: '', error: undefined, caller: undefined } as const;
  return { ...head, time, message, fields: { lost } };
}

interface Core {
  readonly emit: (record: LogRecord) => void;
  readonly now: () => number;
  readonly verbosity: number;
  readonly withCaller: boolean;
  readonly adviseAs: (hint: string) => string;
  readonly write: LineWriter;
}

type Head = Pick<LogRecord, 'severity' | 'verbosity' | 'message'>;

function namedLog(core: Core, logger: string): Log {
  const write = (head: Head, fields: Fields, cause?: unknown): void => {
    try {
      const caller = core.withCaller ? callerOfCaller(write) : undefined;
      const error = cause === undefined || cause === null ? undefined : describeError(cause);
      const all = head.severity === 'error' ? { ...fields, ...errorFields(cause, core.adviseAs) } : fields;
      core.emit({ ...head, error, logger, time: core.now(), fields: all, caller });
    } catch {
      // A line that cannot be written must not end the work it speaks about.
    }
  };
  const log: Log = {
    error(message, error, fields = {}) {
      write({ severity: 'error', verbosity: 0, message }, fields, error);
    },
    warn(message, fields = {}) {
      write({ severity: 'warn', verbosity: 0, message }, fields);
    },
    info(message, fields = {}) {
      if (log.enabled(0)) {
        write({ severity: 'info', verbosity: 0, message }, fields);
      }
    },
    at(verbosity, message, fields = {}) {
      if (log.enabled(verbosity)) {
        write({ severity: 'info', verbosity, message }, fields);
      }
    },
    enabled: (verbosity) => verbosity <= core.verbosity,
    child: (name) => namedLog(core, logger === '' ? name : `${logger}/${name}`),
    drained: async () => core.write.drained?.(),
    flush: () => core.write.flush?.(),
  };
  return log;
}

function errorFields(error: unknown, adviseAs: Core['adviseAs']): Fields {
  if (!isPillionError(error)) {
    return {};
  }
  const { code, hint } = error;
  return hint === undefined ? { code } : { code, hint: adviseAs(hint) };
}

function errorRecord(record: LogRecord, redact: (text: string) => string): ErrorRecord {
  const fields = JSON.parse(renderJson(record.fields, redact)) as Fields;
  const error = record.error === undefined ? undefined : redact(record.error);
  return { logger: record.logger, message: redact(record.message), error, fields };
}

/** File and line of the caller of the function that called `write`: two captured frames, some microseconds. */
function callerOfCaller(write: (head: Head, fields: Fields) => void): Caller | undefined {
  const limit = Error.stackTraceLimit;
  const holder: { stack?: string } = {};
  Error.stackTraceLimit = 2;
  Error.captureStackTrace(holder, write);
  Error.stackTraceLimit = limit;
  const frame = /(?<![^/\\:()\s])([^/\\:()\s]+):(\d+):\d+\)?$/.exec(holder.stack ?? '');
  return frame?.[1] === undefined ? undefined : { file: frame[1], line: Number(frame[2]) };
}
