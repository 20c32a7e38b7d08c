/** Debian 13's pgbouncer on an older machine: run with its own C library. */
import path from 'node:path';
import { debianPackages, succeeds } from '../debian/packages.ts';

/** The program and what it needs that is newer than Debian 12's. */
const PACKAGES = [
  'pgbouncer',
  'libaudit1',
  'libc6',
  'libcap-ng0',
  'libcap2',
  'libcares2',
  'libevent-2.1-7t64',
  'libgcc-s1',
  'liblzma5',
  'libpam0g',
  'libssl3t64',
  'libsystemd0',
  'libzstd1',
  'zlib1g',
];

/** Command line of Debian 13's pgbouncer, made when it is first asked for; undefined where that cannot be done. */
export function pgbouncerOfDebian13(): readonly string[] | undefined {
  const root = debianPackages('trixie', 'root', PACKAGES);
  if (root === undefined) {
    return undefined;
  }
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu');
  const loader = path.join(libraries, 'ld-linux-x86-64.so.2');
  const command = [loader, '--library-path', libraries, path.join(root, 'usr/sbin/pgbouncer')];
  return succeeds([...command, '--version'], '/') ? command : undefined;
}
