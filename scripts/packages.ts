import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

/** Debian packages that tests and demo may need, each with the programs that prove it is there. */
const PROGRAMS_OF_PACKAGE = {
  faketime: ['faketime'],
  git: ['git'],
  'git-lfs': ['git-lfs'],
  gnupg: ['gpg', 'gpg-agent', 'gpgconf'],
  // Reads option files as every client of MySQL does, and prints what it read.
  'mariadb-client-core': ['my_print_defaults'],
  'mariadb-client': ['mariadb', 'mariadb-dump'],
  'mariadb-server-core': ['mariadbd', 'mariadb-install-db'],
  'openssh-client': ['ssh', 'ssh-keygen'],
  'openssh-server': ['sshd'],
  openssl: ['openssl'],
  // Applies what `pillion inject --diff` prints.
  patch: ['patch'],
  pgbouncer: ['pgbouncer'],
  // The server has no program in PATH; this one comes with it.
  postgresql: ['pg_ctlcluster', 'psql'],
  procps: ['ps'],
  'redis-server': ['redis-server'],
  'redis-tools': ['redis-cli', 'redis-check-rdb'],
  sqlite3: ['sqlite3'],
  tini: ['tini'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type DebianPackage = keyof typeof PROGRAMS_OF_PACKAGE;

export type PackagesOutcome =
  | { readonly ok: true; readonly installed: readonly DebianPackage[] }
  | { readonly ok: false; readonly missing: readonly DebianPackage[]; readonly message: string };

// Daemons live here, and a normal user's PATH on Debian does not include it.
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const POLICY = '/usr/sbin/policy-rc.d';
const APT_TIMEOUT_MS = 300_000;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Full path of a program, looked for in PATH and in the directories of system daemons. */
export function findProgram(name: string): string | undefined {
  const inPath = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  return [...inPath, ...SYSTEM_DIRECTORIES].map((dir) => path.join(dir, name)).find(isExecutable);
}

/** The packages of `wanted` of which at least one program is not there. */
function missingPackages(wanted: readonly DebianPackage[]): DebianPackage[] {
  return wanted.filter((name) => PROGRAMS_OF_PACKAGE[name].some((program) => !findProgram(program)));
}

function aptGet(args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const result = spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: APT_TIMEOUT_MS,
  });
  return result.status === 0;
}

/** Runs `body` while Debian is told not to start services: nobody asked for an sshd on port 22. */
function withoutStartingServices<T>(body: () => T): T {
  if (existsSync(POLICY)) {
    return body();
  }
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return body();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function install(packages: readonly DebianPackage[]): boolean {
  const command = ['install', '--yes', '--no-install-recommends', ...packages];
  // The lists of a fresh image are empty or old: try what is there first, then once more with new ones.
  return withoutStartingServices(() => aptGet(command) || (aptGet(['update']) && aptGet(command)));
}

/**
 * Makes sure that the programs of these Debian packages are there: installs what is missing when run as root on a
 * system with apt-get, and otherwise says exactly what to install. Says nothing when all is there.
 */
export function ensurePackages(
  wanted: readonly DebianPackage[],
  say: (line: string) => void = (line) => console.log(line),
): PackagesOutcome {
  const missing = missingPackages(wanted);
  if (missing.length === 0) {
    return { ok: true, installed: [] };
  }
  const command = `apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) {
    const message = `missing: ${missing.join(', ')}; on Debian, run as root: ${command}`;
    say(message);
    return { ok: false, missing, message };
  }
  say(`installing ${missing.join(', ')} (${command})`);
  install(missing);
  const still = missingPackages(missing);
  if (still.length > 0) {
    const message = `could not install ${still.join(', ')}; try by hand: apt-get update && ${command}`;
    say(message);
    return { ok: false, missing: still, message };
  }
  return { ok: true, installed: missing };
}

function isPackage(name: string): name is DebianPackage {
  return Object.hasOwn(PROGRAMS_OF_PACKAGE, name);
}

/** `node scripts/packages.ts [package...]`: without names, everything that the tests need. */
function main(names: readonly string[]): number {
  const known = Object.keys(PROGRAMS_OF_PACKAGE).filter(isPackage);
  const unknown = names.filter((name) => !isPackage(name));
  if (unknown.length > 0) {
    console.error(`unknown package: ${unknown.join(', ')}; known: ${known.join(', ')}`);
    return 2;
  }
  const outcome = ensurePackages(names.length > 0 ? names.filter(isPackage) : known);
  return outcome.ok ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = main(process.argv.slice(2));
}
