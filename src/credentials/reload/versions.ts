/** What depends on pgbouncer's version. Pure; from its release notes and measurements. */
import type { PasswordLimit } from '../outputs/formats.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** The first version with each limit, newest first: bytes of a password in the auth_file. */
const LIMITS: readonly (readonly [since: Version, bytes: number])[] = [
  [[1, 26, 0], 65_530],
  [[1, 17, 0], 2047],
  [[1, 16, 0], 995],
  [[0, 0, 0], 159],
];
/** What Debian 12 and 13 and nearly everybody runs. */
const USUAL_LIMIT = 2047;

/** `1.24.1`, `1.26`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?$/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

function isBefore(left: Version, right: Version): boolean {
  const index = left.findIndex((part, at) => part !== right[at]);
  return index !== -1 && (left[index] ?? 0) < (right[index] ?? 0);
}

/**
 * How long a password the pgbouncer of this version reads. Of an unknown version the limit of those in use is assumed:
 * a password that is too long disables its user and every one after it.
 */
export function passwordLimit(version: string): PasswordLimit {
  const parsed = parseVersion(version);
  if (parsed === undefined) {
    return {
      bytes: USUAL_LIMIT,
      reader: 'pgbouncer of an unknown version (1.17 to 1.25 is assumed)',
      advice:
        'give pgbouncer-version if it is 1.26 or newer, or let this reach its console; session tokens get shorter with a shorter role name and fewer session tags',
    };
  }
  const bytes = LIMITS.find(([since]) => !isBefore(parsed, since))?.[1] ?? 0;
  const advice =
    'use pgbouncer 1.26 or newer (65530 bytes); session tokens get shorter with a shorter role name and fewer session tags';
  return { bytes, reader: `pgbouncer ${version}`, advice };
}

/** Before, pgbouncer prepares passwords for SCRAM (its saslprep.c) only up to 1,024 bytes, shorter than its auth_file's. */
const SCRAM_TAKES_ALL_SINCE: Version = [1, 25, 0];
const SCRAM_BYTES = 1024;

/** How long a password this pgbouncer can check a client for by SCRAM; Infinity for as long as it reads one. */
export function scramLimit(version: string): number {
  const parsed = parseVersion(version);
  return parsed !== undefined && isBefore(parsed, SCRAM_TAKES_ALL_SINCE) ? SCRAM_BYTES : Infinity;
}

/**
 * From 1.15 on RELOAD renews all server connections where they may have TLS. Later versions do so only when a setting of
 * TLS has changed: 1.18 renews, 1.24 does not, and of those in between it is not assumed.
 */
const RELOAD_RENEWS_FROM: Version = [1, 15, 0];
const RELOAD_RENEWS_BEFORE: Version = [1, 19, 0];

/** @param tlsMode its server_tls_sslmode; '' when not known */
export function renewsAtReload(version: string, tlsMode: string): boolean {
  const parsed = parseVersion(version);
  const isOff = tlsMode === '' || tlsMode.startsWith('disable');
  return (
    parsed !== undefined &&
    !isBefore(parsed, RELOAD_RENEWS_FROM) &&
    isBefore(parsed, RELOAD_RENEWS_BEFORE) &&
    !isOff
  );
}

/** With these pgbouncer may check a client by SCRAM. */
const SCRAM_TYPES = new Set(['scram-sha-256', 'hba', 'md5']);

/** Known holes of a version that matter together with an auth_file, as things to warn about. */
export function versionWarnings(version: string, authType: string): string[] {
  const parsed = parseVersion(version);
  const isIn = (from: Version, to: Version): boolean =>
    parsed !== undefined && !isBefore(parsed, from) && !isBefore(to, parsed);
  const hole = isIn([1, 17, 0], [1, 26, 0]) && SCRAM_TYPES.has(authType);
  return hole
    ? [
        `pgbouncer ${version} has CVE-2026-107350: who knows one password of the auth_file can log in as any other SCRAM user, admins too. Use 1.26.1 or newer, or a package that has the fix; until then let it listen on 127.0.0.1 or a Unix socket only`,
      ]
    : [];
}
