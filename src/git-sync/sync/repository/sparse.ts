/** The patterns that say which files of a commit are wanted. */
import { defineErrors } from '../../../core/errors.ts';
import { readTextIfExists } from '../../../core/files.ts';
import type { SyncSpec } from '../spec.ts';

export const SPARSE_ERRORS = defineErrors({
  sparse_file_missing: {
    message: ({ path }: { readonly path: string }) => `there is no sparse-checkout file ${path}`,
    hint: 'check --sparse-checkout-file, and that the volume with the file is mounted; nothing was fetched',
  },
});

/**
 * The patterns of `--sparse-checkout-file`; undefined when there is none.
 * @throws PillionError `sparse_file_missing`, `read_failed`
 */
export async function readSparsePatterns({
  sparseCheckoutFile: path,
}: Pick<SyncSpec, 'sparseCheckoutFile'>): Promise<string | undefined> {
  if (path === '') {
    return undefined;
  }
  const text = await readTextIfExists(path);
  if (text === undefined) {
    throw SPARSE_ERRORS.sparse_file_missing({ path });
  }
  return text;
}
