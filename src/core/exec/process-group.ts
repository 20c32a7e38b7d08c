import { systemErrorCode } from '../errors.ts';

/**
 * Sends a signal to every process of a group; false when the group is gone or not ours.
 *
 * The kernel keeps a group id reserved while the group has a member, so a group that still exists is the one meant.
 */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  if (!Number.isSafeInteger(groupId) || groupId <= 1) {
    return false; // kill(0) and kill(-1) mean our own group and everybody
  }
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ESRCH' || code === 'EPERM') {
      return false;
    }
    throw error;
  }
}
