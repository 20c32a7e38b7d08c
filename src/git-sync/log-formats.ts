/** How the log lines of git-sync look, v4 and v3. */
import { jsonFields, readField } from '../core/log/json-format.ts';
import type { Caller, LogFormat, LogRecord, Redact } from '../core/log/record.ts';
import { quote, renderJson } from '../core/log/render.ts';

/** git-sync v4 (contract section 4), but strict JSON where the original prints Go's string quoting. */
export const GIT_SYNC_FORMAT: LogFormat = { line: formatGitSync, withCaller: true };

/** git-sync v3: glog's header, then logr's pairs, the user's ones sorted by key. */
export const GLOG_FORMAT: LogFormat = { line: formatGlog, withCaller: true };

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

/** Local time with microseconds: `2006-01-02 15:04:05.000000` with the given separators. */
function localTime(ms: number, dash: string, blank: string): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [String(date.getFullYear()), two(date.getMonth() + 1), two(date.getDate())].join(dash);
  const micros = String(Math.min(999_999, Math.round((ms % 1000) * 1000))).padStart(6, '0');
  return `${day}${blank}${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}
