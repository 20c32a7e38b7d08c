/** A commit without the directories of `--sparse-path`: found out when its tree is begun, and then not at each pass again. */
import type { Clock } from '../../../core/clock.ts';
import { isPillionError } from '../../../core/errors.ts';
import type { Gate } from '../gate.ts';
import { SPARSE_ERRORS } from '../repository/sparse.ts';
import { createRefusals } from './refusals.ts';

export function createSparsePathsGate(clock: Clock): Gate {
  const refusals = createRefusals<Error>(clock);
  return {
    refusal: ({ hash }) => refusals.refusal(hash),
    hasRefused: () => refusals.holds(),
    failed(hash, error) {
      if (isPillionError(error) && SPARSE_ERRORS.sparse_path_missing.matches(error)) {
        refusals.refuse(hash, error);
      }
    },
    async check() {
      refusals.forget();
    },
  };
}
