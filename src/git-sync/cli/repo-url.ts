/** What a repository's address holds besides the place: user, password, a name for the link. */

import { splitUserInfo, type UserInfo, urlSecrets } from '../../core/options/url-secrets.ts';
import { trimEndOf } from '../../core/trim-end.ts';

export interface SplitUrl {
  /** In lower case. */
  readonly scheme: string;
  readonly userInfo: UserInfo | undefined;
  /** The address without user info. */
  readonly bare: string;
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

/** Whether git would ask its credential helpers for this address. */
export function isHttp(split: SplitUrl | undefined): boolean {
  return split?.scheme === 'http' || split?.scheme === 'https';
}

/** Whether a password holds a raw character that ends the host, so that no program finds it. */
export function hasBrokenUserInfo(text: string): boolean {
  const split = splitUrl(text);
  return isHttp(split) && split?.userInfo === undefined && urlSecrets(text).length > 0;
}

/** The default of `--link`: the last part of the address without outer slashes; `.git` stays. */
export function defaultLinkName(repo: string): string {
  const split = splitUrl(repo);
  const address = isHttp(split) && split ? split.bare : repo;
  return trimEndOf(address, '/').split('/').at(-1) ?? '';
}

/** The link that was given, or else the default. */
export function linkOrDefault(link: string, repo: string): string {
  return link === '' ? defaultLinkName(repo) : link;
}
