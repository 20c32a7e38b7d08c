/** What of a new configuration cannot be taken over by a process that runs. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { V4Values } from '../cli/v4/options.ts';
import { PROCESS_OPTIONS } from './config/tables.ts';

/** What counts from the next sync on. */
const AT_ONCE: ReadonlySet<string> = new Set(['maxConcurrentSyncs']);

/** The flags whose values are those of the start until the process is started again. */
export function needsRestart(used: V4Values, wanted: V4Values): string[] {
  const changed = Object.entries(PROCESS_OPTIONS).filter(
    ([key]) => !AT_ONCE.has(key) && !isDeepStrictEqual(Reflect.get(used, key), Reflect.get(wanted, key)),
  );
  return changed.map(([, { flag }]) => flag);
}
