/** Which repository an address means, however it is written: HTTPS, SSH, git's own protocol, or `user@host:path`. */
import { trimEndOf } from '../../../core/trim-end.ts';

/** Hosts that a forge offers besides its own for the same repositories. */
const SAME_HOST: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'www.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
  'ssh.dev.azure.com': 'dev.azure.com',
};
const OLD_AZURE = '.visualstudio.com';
const OLD_AZURE_SSH = 'vs-ssh.visualstudio.com';

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Host and path of an address; no host for a path of this machine. */
function split(address: string): { readonly host: string; readonly path: string } | undefined {
  if (address.includes('://')) {
    const url = URL.parse(address);
    return url === null ? undefined : { host: url.hostname, path: decoded(url.pathname) };
  }
  const colon = address.indexOf(':');
  const slash = address.indexOf('/');
  if (colon > 0 && (slash === -1 || colon < slash)) {
    const host = address.slice(0, colon);
    return { host: host.slice(host.lastIndexOf('@') + 1), path: decoded(address.slice(colon + 1)) };
  }
  return { host: '', path: address };
}

/**
 * Azure DevOps has `https://dev.azure.com/ORG/PROJECT/_git/REPO`, `https://dev.azure.com/ORG/_git/REPO` where both have one
 * name, `git@ssh.dev.azure.com:v3/ORG/PROJECT/REPO`, and the same under visualstudio.com. Gives ORG/PROJECT/REPO.
 */
function azureParts(host: string, parts: readonly string[]): readonly string[] | undefined {
  if (host === 'dev.azure.com' || host === OLD_AZURE_SSH) {
    return withProject(parts[0] === 'v3' ? parts.slice(1) : parts);
  }
  if (host.endsWith(OLD_AZURE)) {
    const rest = parts[0] === 'defaultcollection' ? parts.slice(1) : parts;
    return withProject([host.slice(0, -OLD_AZURE.length), ...rest]);
  }
  return undefined;
}

function withProject(parts: readonly string[]): readonly string[] {
  const git = parts.indexOf('_git');
  if (git === -1) {
    return parts;
  }
  const repo = parts.slice(git + 1);
  return git === 1 ? [...parts.slice(0, 1), ...repo, ...repo] : [...parts.slice(0, git), ...repo];
}

/**
 * A name that two addresses share if they mean one repository: `host/path` in lower case without user, port and `.git`.
 * Forges do not tell upper from lower case; where one does, a push to another repository would cause a poll.
 */
export function repositoryName(address: string): string | undefined {
  const found = split(address.trim());
  if (found === undefined) {
    return undefined;
  }
  const given = found.host.toLowerCase();
  const host = SAME_HOST[given] ?? given;
  const path = trimEndOf(found.path.toLowerCase(), '/');
  const parts = (path.endsWith('.git') ? path.slice(0, -'.git'.length) : path)
    .split('/')
    .filter((part) => part !== '');
  const azure = azureParts(host, parts);
  const name = (azure ?? parts).join('/');
  return name === '' ? undefined : `${azure === undefined ? host : 'dev.azure.com'}/${name}`;
}

/** Whether an address ends in these parts: `PROJECT/repo` is all that Bitbucket Data Center tells of a repository. */
export function endsInParts(name: string, tail: string): boolean {
  return `/${name}`.endsWith(`/${tail.toLowerCase()}`);
}
