/** Real restic of several Debians: their programs need nothing but a C library, and run on this one's. */
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { debianPackages, type Suite, succeeds } from '../debian/packages.ts';

function programOf(suite: Suite, name: string, file: string): string | undefined {
  const root = debianPackages(suite, name, [name]);
  const program = root && path.join(root, file);
  return program !== undefined && succeeds([program, name === 'restic' ? 'version' : '--help'], '/')
    ? program
    : undefined;
}

/** Path of Debian 13's restic (0.18); undefined where the archive cannot be had. */
export const restic18 = (): string | undefined => programOf('trixie', 'restic', 'usr/bin/restic');

/** Of the next Debian: 0.19. */
export const restic19 = (): string | undefined => programOf('sid', 'restic', 'usr/bin/restic');

/** Of Debian 12: 0.14, which is too old. */
export const restic14 = (): string | undefined => programOf('bookworm', 'restic', 'usr/bin/restic');

/** restic's own REST server, of Debian 13. */
export const restServer = (): string | undefined =>
  programOf('trixie', 'restic-rest-server', 'usr/bin/restic-rest-server');

/** Why tests with restic do not run. */
export const NO_RESTIC = "Debian's archive with restic >= 0.17 cannot be had here";

/** A PATH where this restic is the first. */
export function pathWith(program: string, scratch: string): string {
  const folder = path.join(scratch, 'programs');
  mkdirSync(folder, { recursive: true });
  symlinkSync(program, path.join(folder, 'restic'));
  return `${folder}:/usr/local/bin:/usr/bin:/bin`;
}
