/** A disk, a volume or a quota that is full: how it is recognised, and what to try. */
import { isPillionError, systemErrorCode } from './errors.ts';

type FullDiskCode = 'ENOSPC' | 'EDQUOT';

const CODES: ReadonlySet<string | undefined> = new Set<string>(['ENOSPC', 'EDQUOT'] satisfies FullDiskCode[]);

/** Words with which the system, and programs as they quote it, say so. */
export const FULL_DISK_WORDS = /no space left|disk quota exceeded|out of diskspace|\b(?:ENOSPC|EDQUOT)\b/i;

/** Whether an error came of a call that found no room. What a program said is known by its words alone. */
export function isFullDisk(error: unknown): boolean {
  return CODES.has(isPillionError(error) ? String(error.facts['systemCode']) : systemErrorCode(error));
}

/** What to try, by the system's code; `after` is how things are, or what to do when there is room. */
export function fullDiskHints(after: string): Readonly<Record<FullDiskCode, string>> {
  return {
    ENOSPC: `free space or give the volume more${after}`,
    EDQUOT: `raise the quota or free space${after}`,
  };
}
