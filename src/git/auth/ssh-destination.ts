/** `ssh://[user@]host[:port]/path`, with an IPv6 address in brackets. */
const URL_FORM = /^ssh:\/\/(?:([^@/[]+)@)?(\[[0-9A-Fa-f:.]+\]|[^:/@[\]]+)(?::(\d{1,5}))?(?:\/|$)/;
/**
 * `[user@]host:path`, as long as no slash comes before the colon (git-clone(1), GIT URLS). `name::address` is a matter of
 * `git-remote-name` (gitremote-helpers(7)).
 */
const SCP_FORM = /^(?:([^@/:[]+)@)?(\[[0-9A-Fa-f:.]+\]|[^:/@[\]]+):(?!:)/;
const LAST_PORT = 65_535;

/**
 * The words that git gives ssh for a repository's address before the command (connect.c): `-p PORT` where there is one,
 * then `[user@]host`. Undefined for an address of another kind, and for one that this does not understand.
 */
export function sshDestination(repo: string): readonly string[] | undefined {
  const isUrl = repo.includes('://');
  const [, user, host, port] = (isUrl ? URL_FORM : SCP_FORM).exec(repo) ?? [];
  if (
    host === undefined ||
    host.startsWith('-') ||
    user?.startsWith('-') ||
    Number(port ?? 0) > LAST_PORT ||
    /[%\s]/.test(`${user ?? ''}${host}`)
  ) {
    return undefined;
  }
  const name = host.replaceAll(/[[\]]/g, '');
  const destination = user === undefined ? name : `${user}@${name}`;
  return port === undefined ? [destination] : ['-p', port, destination];
}

/**
 * What git asks an SSH server to run for a fetch, as one word (connect.c, sq_quote_buf of quote.c). Undefined for an address
 * of another kind, and where the path would have to be decoded first.
 */
export function uploadPackCommand(repo: string): string | undefined {
  const isUrl = repo.includes('://');
  const address = (isUrl ? URL_FORM : SCP_FORM).exec(repo)?.[0];
  if (address === undefined || (isUrl && (!address.endsWith('/') || repo.includes('%')))) {
    return undefined;
  }
  const path = repo.slice(isUrl ? address.length - 1 : address.length);
  const atHome = path[1] === '~' ? path.slice(1) : path;
  return atHome === '' || atHome.startsWith('-') || /[\n\0]/.test(atHome)
    ? undefined
    : `git-upload-pack '${atHome.replaceAll(/['!]/g, "'\\$&'")}'`;
}
