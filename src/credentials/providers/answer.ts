/** What sources say, read with suspicion: they are other programs and servers. Pure. */
import { isRfc3339, numberOf } from '../../core/answer-values.ts';
import { withoutLineEnd } from '../../core/line-end.ts';
import { SOURCE_ERRORS } from './errors.ts';

/** The parts of an answer, before the clock is consulted. */
export interface RawAnswer {
  readonly username?: string | undefined;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
  readonly expiresInMs?: number | undefined;
}

/** The longest password that any pgbouncer reads; nothing that a database takes is longer. */
const MAX_VALUE_BYTES = 65_530;
/** Greater numbers are milliseconds: as seconds they would be after the year 5000. */
const LARGEST_SECONDS = 1e11;
const FAR_FUTURE_MS = 4e13;
const CONTROL = /\p{Cc}/u;
/** What decoders put in the place of bytes that are no UTF-8. */
const REPLACEMENT = '\u{fffd}';

/** @throws PillionError `source_answer_invalid` */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and the text may hold a secret.
    const why = text.trim() === '' ? 'it is empty' : 'it is not JSON';
    throw SOURCE_ERRORS.source_answer_invalid({ source, why });
  }
}

/** The value at an RFC 6901 pointer, `''` being the whole; undefined where there is none. */
export function atPointer(value: unknown, pointer: string): unknown {
  let found = value;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) {
      return undefined;
    }
    found = Reflect.get(found, key);
  }
  return found;
}

/** Whether a text is a pointer at all. */
export function isPointer(text: string): boolean {
  return text === '' || (text.startsWith('/') && !/~(?![01])/.test(text));
}

/**
 * A user name or password, without the line end that files and programs put behind it.
 * @throws PillionError `source_answer_invalid`, without the value
 */
export function secretText(value: unknown, what: string, source: string): string {
  const invalid = (why: string) => SOURCE_ERRORS.source_answer_invalid({ source, why: `its ${what} ${why}` });
  if (typeof value !== 'string') {
    throw invalid(value === undefined || value === null ? 'is missing' : 'is not a string');
  }
  const text = withoutLineEnd(value);
  if (text === '') {
    throw invalid('is empty');
  }
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES) {
    throw invalid(`is longer than ${MAX_VALUE_BYTES} bytes`);
  }
  if (CONTROL.test(text)) {
    throw invalid('has a line end or another control character inside');
  }
  // Written, these would silently be another password: half a surrogate pair has no UTF-8 either.
  if (text.includes(REPLACEMENT) || !text.isWellFormed()) {
    throw invalid('is not UTF-8');
  }
  return text;
}

/**
 * A point in time: RFC 3339, or seconds (or milliseconds) since the epoch as a number or digits. In milliseconds.
 * @throws PillionError `source_answer_invalid`
 */
export function instant(value: unknown, what: string, source: string): number | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const isDate = isRfc3339(value);
  const number = isDate ? Date.parse(value) : numberOf(value);
  const ms = isDate || number > LARGEST_SECONDS ? number : number * 1000;
  if (!Number.isFinite(ms) || ms <= 0 || ms > FAR_FUTURE_MS) {
    const why = `its ${what} is no time (RFC 3339, or seconds since 1970)`;
    throw SOURCE_ERRORS.source_answer_invalid({ source, why });
  }
  return ms;
}

/** A length of time in seconds, as a number or digits. In milliseconds. */
export function seconds(value: unknown, what: string, source: string): number | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const number = numberOf(value);
  if (!Number.isFinite(number) || number < 0 || number * 1000 > FAR_FUTURE_MS) {
    const why = `its ${what} is no number of seconds`;
    throw SOURCE_ERRORS.source_answer_invalid({ source, why });
  }
  return number * 1000;
}

/**
 * The object that programs print and files hold: `username`, `password` or `token`, `expiresAt` or `expiresIn` (seconds).
 * @throws PillionError `source_answer_invalid`
 */
export function parseAnswerObject(text: string, source: string): RawAnswer {
  const value = parseJson(text, source);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw SOURCE_ERRORS.source_answer_invalid({ source, why: 'it is not a JSON object' });
  }
  const field = (name: string): unknown =>
    Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  const username = field('username');
  return {
    username:
      username === undefined || username === null ? undefined : secretText(username, 'username', source),
    password: secretText(field('password') ?? field('token'), 'password (or token)', source),
    expiresAt: instant(field('expiresAt'), 'expiresAt', source),
    expiresInMs: seconds(field('expiresIn'), 'expiresIn', source),
  };
}
