/** Parts of the settings that both dialects fill in the same way. */
import { resolve } from 'node:path';
import type { Credential } from '../../git/settings.ts';
import { isHttp, splitUrl } from './repo-url.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly passwordFile: string;
}

export interface Target {
  readonly repo: string;
  /** The login for the repository itself, if there is one. */
  readonly credentials: readonly Credential[];
}

/** A login for a URL; a password file counts when there is one. */
export function credentialFor(url: string, login: Login): Credential {
  const { username, password, passwordFile } = login;
  return passwordFile === '' ? { url, username, password } : { url, username, passwordFile };
}

/**
 * Moves user info out of an http(s) address into a credential, so that no command line shows it. The address of ssh
 * keeps its user. A login that was given along with the address wins over a bare user name in it.
 */
export function targetOf(address: string, login: Login): Target {
  const split = splitUrl(address);
  const info = split?.userInfo;
  if (split === undefined || info === undefined || !isHttp(split)) {
    return { repo: address, credentials: login.username === '' ? [] : [credentialFor(address, login)] };
  }
  const repo = split.bare;
  if (login.username !== '' && info.password === undefined) {
    return { repo, credentials: [credentialFor(repo, login)] };
  }
  const isEmpty = info.user === '' && (info.password ?? '') === '';
  const own: Credential = { url: repo, username: info.user, password: info.password ?? '' };
  return { repo, credentials: isEmpty ? [] : [own] };
}

/** The error file for complaints about the configuration, which come before the root was looked at. */
export function errorFilePath(errorFile: string, root: string, cwd: string): string | undefined {
  return errorFile === '' ? undefined : resolve(cwd, root, errorFile);
}
