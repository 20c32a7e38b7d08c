import { readdirSync, readFileSync } from 'node:fs';
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

/** Names of the programs that run in a group (at most 15 characters, without arguments); zombies do not run. */
export function groupMembers(groupId: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => memberName(pid, groupId) ?? []);
}

function memberName(pid: string, groupId: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const [state, , group] = stat.slice(end + 2).split(' ');
    return Number(group) === groupId && state !== 'Z' && state !== 'X'
      ? stat.slice(stat.indexOf('(') + 1, end)
      : undefined;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
