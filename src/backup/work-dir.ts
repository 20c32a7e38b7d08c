/** The private directory of a process: caches, temporary files, manifests, configuration of tools. */

import { systemErrorCode } from '../core/errors.ts';
import { makeDirectory } from '../core/files.ts';
import { createRuntimeDirectory } from '../core/lock/runtime-directory.ts';
import { BACKUP_ERRORS } from './errors.ts';

export interface WorkDir {
  readonly path: string;
  /** Of the user: it is kept. */
  readonly isKept: boolean;
  remove(): Promise<void>;
}

/** @throws PillionError `no_runtime_directory`, or `work_dir_unusable` for one that the user names */
export async function openWorkDir(
  wanted: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WorkDir> {
  if (wanted !== '') {
    await makeDirectory(wanted, 0o700).catch((error: unknown) => {
      const why = systemErrorCode(error) ?? 'unknown error';
      throw BACKUP_ERRORS.work_dir_unusable(
        { message: `--work-dir ${wanted} cannot be made: ${why}` },
        { cause: error },
      );
    });
    return { path: wanted, isKept: true, remove: () => Promise.resolve() };
  }
  const { path, remove } = await createRuntimeDirectory('backup', [
    { path: env['TMPDIR'] },
    { path: '/tmp' },
  ]);
  return { path, isKept: false, remove };
}
