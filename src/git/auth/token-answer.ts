/** What programs and servers say when they are asked for credentials, read with suspicion. Pure. */
import { isRfc3339, numberOf } from '../../core/answer-values.ts';

export interface Token {
  readonly username?: string | undefined;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

/** The answer, or why it is none, without a word of it. */
export type TokenAnswer = Token | { readonly why: string };

const LONGEST = 64 * 1024;
const CONTROL = /\p{Cc}/u;
/** Later is a mistake, such as milliseconds that were meant as seconds. */
const LATEST_MS = 4e13;

type Fields = ReadonlyMap<string, unknown>;

/** The fields of a JSON object; undefined for any other text. */
export function jsonFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

/** The lines `name=value` of git's credential protocol (git-credential(1)); of a name the last one counts. */
function lineFields(text: string): Fields {
  const fields = new Map<string, unknown>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) {
      fields.set(line.slice(0, equals), line.slice(equals + 1).replace(/\r$/, ''));
    }
  }
  return fields;
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST && !CONTROL.test(value);

/** The end in milliseconds since the epoch; undefined for none, NaN for one that cannot be read. */
function endOf(fields: Fields, names: TokenNames, askedAt: number): number | undefined {
  const [at, length] = [fields.get(names.expiresAt) ?? undefined, fields.get(names.expiresIn) ?? undefined];
  if (at === undefined) {
    return length === undefined ? undefined : askedAt + numberOf(length) * 1000;
  }
  return isRfc3339(at) ? Date.parse(at) : numberOf(at) * 1000;
}

/** How an answer names its parts. */
export interface TokenNames {
  readonly password: readonly string[];
  /** RFC 3339, or seconds since the epoch. */
  readonly expiresAt: string;
  /** Seconds. */
  readonly expiresIn: string;
}

/** Picks the token out of fields; `askedAt` is when they were asked for, milliseconds since the epoch. */
export function tokenIn(fields: Fields, names: TokenNames, askedAt: number): TokenAnswer {
  const password = names.password.map((name) => fields.get(name)).find((value) => value !== undefined);
  const username = fields.get('username') ?? undefined;
  if (!isText(password)) {
    const what = names.password.join(' or ');
    return {
      why: password === undefined ? `there is no ${what} in it` : `its ${what} is no text of one line`,
    };
  }
  // Basic authentication takes what follows a colon for the password (RFC 7617, section 2).
  if (username !== undefined && !(isText(username) && !username.includes(':'))) {
    return { why: 'its username is no text of one line without a colon' };
  }
  const expiresAt = endOf(fields, names, askedAt);
  if (expiresAt !== undefined && !(expiresAt > 0 && expiresAt < LATEST_MS)) {
    return { why: 'its end is no time' };
  }
  return { username, password, expiresAt };
}

const OF_JSON: TokenNames = {
  password: ['password', 'token'],
  expiresAt: 'expiresAt',
  expiresIn: 'expiresIn',
};
const OF_LINES: TokenNames = {
  password: ['password'],
  expiresAt: 'password_expiry_utc',
  expiresIn: 'password_expires_in',
};

/** What a program prints: a JSON object, or the lines of git's credential helpers. */
export function parseTokenAnswer(text: string, askedAt: number): TokenAnswer {
  if (!text.trimStart().startsWith('{')) {
    return tokenIn(lineFields(text), OF_LINES, askedAt);
  }
  const fields = jsonFields(text);
  return fields === undefined ? { why: 'it is not JSON' } : tokenIn(fields, OF_JSON, askedAt);
}
