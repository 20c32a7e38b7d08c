/** A submodule's address that is relative to its parent's (gitmodules(5), "url"): `../other.git`. */

const isRelative = (url: string) => url.startsWith('./') || url.startsWith('../');

/** `scheme://host` and ssh's `host:` are never taken off: no `../` leads to another server. */
function splitServer(address: string): { readonly server: string; readonly path: string } {
  const scheme = address.indexOf('://');
  if (scheme !== -1) {
    const slash = address.indexOf('/', scheme + 3);
    const end = slash === -1 ? address.length : slash;
    return { server: address.slice(0, end), path: address.slice(end) };
  }
  const colon = address.indexOf(':');
  const slash = address.indexOf('/');
  const isSsh = colon !== -1 && (slash === -1 || colon < slash);
  return isSsh
    ? { server: address.slice(0, colon + 1), path: address.slice(colon + 1) }
    : { server: '', path: address };
}

/**
 * The address that git would use for a submodule, by the rules of `git submodule init`: each leading `../` takes one part
 * off the path of the parent's address, a `./` takes nothing.
 * @returns undefined when there is nothing left to take off (git would leave the server, or fails)
 */
export function resolveSubmoduleUrl(parent: string, url: string): string | undefined {
  if (!isRelative(url)) {
    return url;
  }
  const { server, path } = splitServer(parent.endsWith('/') ? parent.slice(0, -1) : parent);
  let parts = path.split('/');
  let rest = url;
  while (isRelative(rest)) {
    if (rest.startsWith('../')) {
      const last = parts.at(-1);
      if (last === undefined || last === '' || last === '.' || last === '..') {
        return undefined;
      }
      parts = parts.slice(0, -1);
    }
    rest = rest.slice(rest.startsWith('./') ? 2 : 3);
  }
  const joined = server + [...parts, rest].join('/');
  return rest.endsWith('/') ? joined.slice(0, -1) : joined;
}
