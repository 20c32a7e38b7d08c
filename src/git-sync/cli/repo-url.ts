/** What a repository's address holds beside the place: user, password, a name for the link. */

export interface UserInfo {
  readonly user: string;
  /** Undefined when there is no colon, which is not the same as empty. */
  readonly password: string | undefined;
}

export interface SplitUrl {
  /** In lower case. */
  readonly scheme: string;
  readonly userInfo: UserInfo | undefined;
  /** The address without user info. */
  readonly bare: string;
}

/** From this length on, a user name without password is taken for a token: people's names and `git` are shorter. */
const SHORTEST_TOKEN = 16;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Cuts `scheme://user:password@host/path`; undefined for paths and scp-like addresses (`git@host:path`). */
export function splitUrl(text: string): SplitUrl | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, scheme = '', authority = '', rest = ''] = match;
  const at = authority.lastIndexOf('@');
  const bare = `${scheme.toLowerCase()}://${authority.slice(at + 1)}${rest}`;
  return {
    scheme: scheme.toLowerCase(),
    userInfo: at < 0 ? undefined : splitUserInfo(authority.slice(0, at)),
    bare,
  };
}

function splitUserInfo(text: string): UserInfo {
  const colon = text.indexOf(':');
  if (colon < 0) {
    return { user: decode(text), password: undefined };
  }
  return { user: decode(text.slice(0, colon)), password: decode(text.slice(colon + 1)) };
}

/** Whether git would ask its credential helpers for this address. */
export function isHttp(split: SplitUrl | undefined): boolean {
  return split?.scheme === 'http' || split?.scheme === 'https';
}

function isToken(info: UserInfo): boolean {
  const alone = info.password === undefined || info.password === '' || info.password === 'x-oauth-basic';
  return alone && info.user.length >= SHORTEST_TOKEN;
}

// The look behind keeps the search linear in long texts without any URL.
const SCHEME = String.raw`(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:\/\/`;

/**
 * User info in URLs: up to the last `@` of the authority. A password with a raw slash breaks the URL for everybody,
 * but must not be shown for that: where no port follows the colon, all up to the last `@` is taken for user info.
 */
function userInfoPattern(blank: string): RegExp {
  const proper = `[^/?#${blank}]*`;
  const broken = String.raw`[^/?#:@\[${blank}]+:(?!\d+(?:[/?#]|$))[^${blank}]*`;
  return new RegExp(`(${SCHEME})(${proper}|${broken})@`, 'g');
}

const IN_TEXT = userInfoPattern(String.raw`\s`);
/** A value that is a URL as a whole may have blanks in its password. */
const AS_WHOLE = userInfoPattern('');

const patternFor = (text: string) => (new RegExp(`^${SCHEME}`).test(text) ? AS_WHOLE : IN_TEXT);

/** The secrets in the user info of every URL in a text: passwords, and user names that look like tokens. */
export function urlSecrets(text: string): string[] {
  const found: string[] = [];
  for (const [, , raw = ''] of text.matchAll(patternFor(text))) {
    const info = splitUserInfo(raw);
    const rawPassword = raw.includes(':') ? raw.slice(raw.indexOf(':') + 1) : '';
    if (info.password !== undefined && info.password !== '') {
      found.push(info.password, rawPassword);
    }
    if (isToken(info)) {
      found.push(info.user, raw.split(':')[0] ?? '');
    }
  }
  return [...new Set(found)];
}

/** The text with the secrets of its URLs replaced. */
export function redactUrls(text: string, replacement: string): string {
  return text.replaceAll(patternFor(text), (_, scheme: string, raw: string) => {
    const info = splitUserInfo(raw);
    const user = isToken(info) ? replacement : (raw.split(':')[0] ?? '');
    const password = info.password === undefined ? '' : `:${info.password === '' ? '' : replacement}`;
    return `${scheme}${user}${password}@`;
  });
}

/** Whether a password holds a raw character that ends the host, so that no program finds it. */
export function hasBrokenUserInfo(text: string): boolean {
  const split = splitUrl(text);
  return isHttp(split) && split?.userInfo === undefined && urlSecrets(text).length > 0;
}

/** The default of `--link`: the last part of the address without outer slashes; `.git` stays. */
export function leafOf(repo: string): string {
  const split = splitUrl(repo);
  const address = isHttp(split) && split ? split.bare : repo;
  return (
    address
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .at(-1) ?? ''
  );
}
