import { quote, renderJson } from './render.ts';

/** What a record says beside its message; values may be anything, they never break logging. Durations as strings. */
export type Fields = Readonly<Record<string, unknown>>;

/** One thing to log, as data. */
export interface LogRecord {
  readonly severity: 'error' | 'warn' | 'info';
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

export type LogFormat = 'json' | 'git-sync' | 'glog';
type Redact = (text: string) => string;
type Formatter = (record: LogRecord, redact: Redact) => string;

/** A record as one line of text without its newline, all that came from outside redacted. */
export function formatRecord(format: LogFormat, record: LogRecord, redact: Redact): string {
  return FORMATTERS[format](record, redact);
}

const FORMATTERS: Readonly<Record<LogFormat, Formatter>> = {
  json: formatJson,
  'git-sync': formatGitSync,
  glog: formatGlog,
};

function formatJson(record: LogRecord, redact: Redact): string {
  const level = record.severity === 'info' && record.verbosity > 0 ? 'debug' : record.severity;
  const head = `"ts":"${new Date(record.time).toISOString()}","level":"${level}"`;
  const logger = record.logger === '' ? '' : `,"logger":${quote(record.logger, redact)}`;
  const error = record.error === undefined ? '' : `,"error":${quote(record.error, redact)}`;
  const fields = jsonFields(record.fields, ['ts', 'level', 'logger', 'msg', 'error'], redact);
  return `{${head}${logger},"msg":${quote(record.message, redact)}${error}${fields}}`;
}

/** git-sync v4 (contract section 4), but strict JSON where the original prints Go's string quoting. */
function formatGitSync(record: LogRecord, redact: Redact): string {
  const { file, line } = record.caller ?? UNKNOWN_CALLER;
  const head = `"logger":${quote(record.logger, redact)},"ts":"${localTime(record.time, '-', ' ')}"`;
  const caller = `"caller":{"file":${quote(file, redact)},"line":${line}}`;
  const level = record.severity === 'error' ? '' : `,"level":${record.verbosity}`;
  const error = record.severity === 'error' ? `,"error":${quoteOrNull(record.error, redact)}` : '';
  const fields = jsonFields(record.fields, ['logger', 'ts', 'caller', 'level', 'msg', 'error'], redact);
  return `{${head},${caller}${level},"msg":${quote(record.message, redact)}${error}${fields}}`;
}

const SEVERITY_LETTERS = { error: 'E', warn: 'W', info: 'I' } as const;

/** git-sync v3: glog's header, then logr's pairs, the user's ones sorted by key. */
function formatGlog(record: LogRecord, redact: Redact): string {
  const { file, line } = record.caller ?? UNKNOWN_CALLER;
  const time = localTime(record.time, '', ' ').slice(4);
  const header = `${SEVERITY_LETTERS[record.severity]}${time} ${String(process.pid).padStart(7)} ${file}:${line}]`;
  const message = `"msg"=${quote(record.message, redact)}`;
  const fixed =
    record.severity === 'error'
      ? `${message} "error"=${quoteOrNull(record.error, redact)}`
      : `"level"=${record.verbosity} ${message}`;
  const logger = record.logger === '' ? '' : redact(record.logger);
  const pairs = Object.keys(record.fields)
    .sort()
    .map((key) => `${quote(key, redact)}=${renderJson(readField(record.fields, key), redact)}`);
  return `${header} ${logger} ${fixed}  ${pairs.join(' ')}`.trimEnd();
}

const UNKNOWN_CALLER: Caller = { file: 'unknown', line: 0 };

function quoteOrNull(text: string | undefined, redact: Redact): string {
  return text === undefined ? 'null' : quote(text, redact);
}

/** The fields as `,"key":value` pairs. A key the format uses itself is prefixed, so that no key is there twice. */
function jsonFields(fields: Fields, reserved: readonly string[], redact: Redact): string {
  let text = '';
  for (const key of Object.keys(fields)) {
    const value = readField(fields, key);
    if (value !== undefined && typeof value !== 'function') {
      const name = reserved.includes(key) ? `field_${key}` : key;
      text += `,${quote(name, redact)}:${renderJson(value, redact)}`;
    }
  }
  return text;
}

function readField(fields: Fields, key: string): unknown {
  try {
    return fields[key];
  } catch {
    return '[unprintable]';
  }
}

/** Local time with microseconds: `2006-01-02 15:04:05.000000` with the given separators. */
function localTime(ms: number, dash: string, blank: string): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [String(date.getFullYear()), two(date.getMonth() + 1), two(date.getDate())].join(dash);
  const micros = String(Math.min(999_999, Math.round((ms % 1000) * 1000))).padStart(6, '0');
  return `${day}${blank}${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}
