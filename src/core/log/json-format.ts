import type { Fields, LogFormat, LogRecord, Redact } from './record.ts';
import { quote, renderJson } from './render.ts';

/** One JSON object per line: time, level, logger, message, error, then the fields. */
export const JSON_FORMAT: LogFormat = { line: formatJson };

function formatJson(record: LogRecord, redact: Redact): string {
  const level = record.severity === 'info' && record.verbosity > 0 ? 'debug' : record.severity;
  const head = `"ts":"${new Date(record.time).toISOString()}","level":"${level}"`;
  const logger = record.logger === '' ? '' : `,"logger":${quote(record.logger, redact)}`;
  const error = record.error === undefined ? '' : `,"error":${quote(record.error, redact)}`;
  const fields = jsonFields(record.fields, ['ts', 'level', 'logger', 'msg', 'error'], redact);
  return `{${head}${logger},"msg":${quote(record.message, redact)}${error}${fields}}`;
}

/** The fields as `,"key":value` pairs. A key the format uses itself is prefixed, so that no key is there twice. */
export function jsonFields(fields: Fields, reserved: readonly string[], redact: Redact): string {
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

/** A field's value, whatever its getter does. */
export function readField(fields: Fields, key: string): unknown {
  try {
    return fields[key];
  } catch {
    return '[unprintable]';
  }
}
