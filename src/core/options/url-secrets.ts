/** What in an address is secret: passwords and tokens in its user info, and the values of its query. */

export interface UserInfo {
  readonly user: string;
  /** Undefined when there is no colon, which is not the same as empty. */
  readonly password: string | undefined;
}

/** A secret that was found in a text. */
export interface FoundSecret {
  readonly value: string;
  /** It may as well be an ordinary word: to be redacted only where a value stands. */
  readonly isWord?: boolean;
}

/** From this length on a user name without password is taken for a token: people's names are shorter. */
const SHORTEST_TOKEN = 16;
/** Shorter values of a query are words and numbers as a rule. */
const SHORTEST_QUERY_SECRET = 8;
/** The user of public keys and read-only URLs everywhere, and the name of the program. */
const NO_SECRET = 'git';

/** A part of an address without percent-encoding; as it is where that is broken. */
export function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function splitUserInfo(text: string): UserInfo {
  const colon = text.indexOf(':');
  if (colon < 0) {
    return { user: decodePart(text), password: undefined };
  }
  return { user: decodePart(text.slice(0, colon)), password: decodePart(text.slice(colon + 1)) };
}

/** The user info of a URL in a text: from the end of `://` to the `@`. */
interface Place {
  readonly scheme: string;
  readonly from: number;
  readonly to: number;
}

const BEGINS_AS_URL = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
const SCHEME_CHARACTER = /[A-Za-z0-9+.-]/;
const LETTER = /[A-Za-z]/;
const BLANK = /\s/g;
const END_OF_AUTHORITY = new Set(['/', '?', '#']);
const PORT = /^\d+$/;

/**
 * User info in URLs: up to the last `@` of the authority. A password with a raw slash breaks the URL for everybody,
 * but must not be shown for that: where no port follows the colon, all up to the last `@` is taken for user info.
 * A value that is a URL as a whole may have blanks in its password. Each character is looked at a few times at most.
 */
function userInfosIn(text: string): Place[] {
  const places: Place[] = [];
  const isWhole = BEGINS_AS_URL.test(text);
  let wordEnd = isWhole ? text.length : 0;
  let lastAt = isWhole ? text.lastIndexOf('@') : -1;
  let next = text.includes('@') ? 0 : text.length;
  for (let colon = text.indexOf('://', next); colon !== -1; colon = text.indexOf('://', next)) {
    const scheme = schemeBefore(text, colon);
    const from = colon + 3;
    next = from;
    if (from > wordEnd) {
      wordEnd = indexFrom(BLANK, text, from, text.length);
      lastAt = text.slice(from, wordEnd).lastIndexOf('@') + from;
    }
    const authorityEnd = endOfAuthority(text, from, wordEnd);
    const authority = text.slice(from, authorityEnd);
    const at = authority.lastIndexOf('@');
    const to = at === -1 && isBroken(authority) ? lastAt : from + at;
    if (scheme !== '' && to >= from) {
      places.push({ scheme, from, to });
      next = to;
    }
  }
  return places;
}

function schemeBefore(text: string, colon: number): string {
  let start = colon;
  while (start > 0 && SCHEME_CHARACTER.test(text.charAt(start - 1))) {
    start -= 1;
  }
  return LETTER.test(text.charAt(start)) ? text.slice(start, colon) : '';
}

function indexFrom(pattern: RegExp, text: string, from: number, limit: number): number {
  pattern.lastIndex = from;
  return Math.min(pattern.exec(text)?.index ?? limit, limit);
}

function endOfAuthority(text: string, from: number, limit: number): number {
  let end = from;
  while (end < limit && !END_OF_AUTHORITY.has(text.charAt(end))) {
    end += 1;
  }
  return end;
}

/** An authority without `@` whose colon has something other than a port behind it: the rest of a broken password. */
function isBroken(authority: string): boolean {
  const colon = authority.indexOf(':');
  const host = authority.slice(0, Math.max(colon, 0));
  return host !== '' && !host.includes('[') && !PORT.test(authority.slice(colon + 1));
}

/** Of an address over http(s) the user alone can be the token, however short. */
function isUserSecret(scheme: string, { user, password }: UserInfo): boolean {
  const isAlone = password === undefined || password === '' || password === 'x-oauth-basic';
  return isAlone && user !== '' && user !== NO_SECRET && (/^https?$/i.test(scheme) || isLong(user));
}

const isLong = (user: string) => user.length >= SHORTEST_TOKEN;

/** The secrets in the user info of every URL in a text: passwords, and user names that stand alone. */
export function urlSecrets(text: string): FoundSecret[] {
  const found = new Map<string, FoundSecret>();
  const note = (value: string, isWord: boolean) => {
    if (value !== '') {
      found.set(value, isWord ? { value, isWord } : { value });
    }
  };
  for (const { scheme, from, to } of userInfosIn(text)) {
    const raw = text.slice(from, to);
    const info = splitUserInfo(raw);
    if (info.password !== undefined) {
      note(info.password, false);
      note(raw.slice(raw.indexOf(':') + 1), false);
    }
    if (isUserSecret(scheme, info)) {
      note(info.user, !isLong(info.user));
      note(raw.split(':')[0] ?? '', !isLong(info.user));
    }
  }
  return [...found.values()];
}

/** The text with the secrets in the user info of its URLs replaced. */
export function redactUrls(text: string, replacement: string): string {
  let shown = '';
  let end = 0;
  for (const { scheme, from, to } of userInfosIn(text)) {
    const raw = text.slice(from, to);
    const info = splitUserInfo(raw);
    const user = isUserSecret(scheme, info) ? replacement : (raw.split(':')[0] ?? '');
    const password = info.password === undefined ? '' : `:${info.password === '' ? '' : replacement}`;
    shown += `${text.slice(end, from)}${user}${password}`;
    end = to;
  }
  return shown + text.slice(end);
}

/** The values in the query of an address: tokens of webhooks and askpass sources often are there. */
export function querySecrets(address: string): FoundSecret[] {
  const query = URL.canParse(address) ? [...new URL(address).searchParams.values()] : [];
  return query
    .filter((value) => value !== '')
    .map((value) => (value.length < SHORTEST_QUERY_SECRET ? { value, isWord: true } : { value }));
}

/** An address with the values of its query replaced. */
export function redactQuery(address: string, replacement: string): string {
  const [before = '', ...query] = address.split('?');
  if (query.length === 0) {
    return address;
  }
  return `${before}?${query.join('?').replaceAll(/=[^&#]+/g, `=${replacement}`)}`;
}
