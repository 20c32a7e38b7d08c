/** What a kill has left of a restore, found and finished at the next start. */
import type { ForeignDirectory } from '../../core/foreign-files/directory.ts';
import type { Recover, Recovered } from '../model.ts';
import { readJournal } from './journal.ts';
import { STAGE } from './names.ts';
import { withOwnFolder } from './own-folder.ts';
import { removeEmptyQuarantines } from './quarantine.ts';
import { replay } from './replay.ts';
import { discardStage, readStage, removeTrash } from './stage.ts';

/**
 * Finishes a commit that was interrupted, as far as nobody has to judge it, and says what else was. On a volume that was never touched it writes nothing;
 * with `isReadOnly` it only looks, and calls a commit that is to be finished, or taken back, `committed`.
 * @throws PillionError `record_invalid`, `own_folder_foreign`, `commit_blocked`
 */
export const recover: Recover = (volume, { isReadOnly = false } = {}) =>
  withOwnFolder(volume, { isMade: false }, async (folder): Promise<Recovered> => {
    if (folder === undefined) {
      return { kind: 'nothing' };
    }
    const begun = await readJournal(folder);
    if (begun !== undefined) {
      const end = isReadOnly ? begun : await replay(folder, volume, begun);
      if (end !== undefined) {
        return { kind: end === 'unjudged' ? end : 'committed', marker: begun.journal.marker };
      }
    }
    if (!isReadOnly) {
      await removeTrash(folder);
      await removeEmptyQuarantines(folder);
    }
    return await staged(folder, isReadOnly);
  });

async function staged(folder: ForeignDirectory, isReadOnly: boolean): Promise<Recovered> {
  const snapshot = await readStage(folder);
  if (snapshot !== undefined) {
    return { kind: 'staging', snapshot };
  }
  if (!isReadOnly && (await folder.stat(STAGE)) !== undefined) {
    await discardStage(folder); // begun, and ended before it was known for what
  }
  return { kind: 'nothing' };
}
