/** Where rollbacks are recorded: looked at by every sync, so it costs next to nothing. */
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { saysMissing } from '../publishing/place.ts';

/** Below the directory for state; of this user alone. */
export const STATE_DIRECTORY = '.pillion-git-sync-state';

/** What the user named, or the place for temporary files. */
export function stateBase(stateDir: string, env: Readonly<Record<string, string | undefined>>): string {
  return stateDir === '' ? (env['TMPDIR'] ?? '') || '/tmp' : stateDir;
}

/** Whether any sync has left records there. */
export async function hasState(base: string): Promise<boolean> {
  try {
    return await withForeignRoot(base, async (top) => (await top.stat(STATE_DIRECTORY)) !== undefined);
  } catch (error) {
    if (saysMissing(error)) {
      return false;
    }
    throw error;
  }
}
