/** How the C library keeps memory for this process, but for none that it starts. */

/**
 * A variable of glibc's (mallopt(3)) with the value that it has anyway: whoever sets it keeps glibc from raising its
 * thresholds after the first large buffer, so that what is freed goes back to the system. It saves an idle sidecar 1.2 MiB. It
 * is read before the first instruction of a program, so the first line of `bin/pillion` sets it (scripts/build.ts); of the
 * variables that do so it is the shortest, because Linux before 5.1 reads 127 characters of such a line.
 */
export const MALLOC_VARIABLE = 'MALLOC_TOP_PAD_';
export const MALLOC_VALUE = '131072';

/** git and the programs of hooks and jobs are not given what only we have set. */
export function withdrawMallocSetting(env: NodeJS.ProcessEnv): void {
  if (env[MALLOC_VARIABLE] === MALLOC_VALUE) {
    delete env[MALLOC_VARIABLE];
  }
}
