/**
 * What nearly every program needs from our own environment and what is safe to pass on: where programs, home and
 * temporary files are, who runs it, time zone and language, the way through a proxy and the certificates to trust.
 * Nothing here changes what a program does, unlike GIT_*, LD_* or NODE_OPTIONS. Proxy URLs may hold a password, which
 * the program needs to pass the proxy.
 */
export const BASIC_NAMES: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'TZDIR',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  // curl reads http_proxy only in lower case, other programs read either.
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** The named variables that are set, then `extra`, which wins: a complete environment for a child. */
export function pickEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
  extra: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) {
      picked[name] = value;
    }
  }
  for (const [name, value] of Object.entries(extra)) {
    if (value !== undefined) {
      picked[name] = value;
    }
  }
  return picked;
}
