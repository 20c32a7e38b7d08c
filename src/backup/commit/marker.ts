/** The record on a volume that says that it is complete, and what it is. */
import type { Marker } from '../model.ts';
import { readRecord, withMadeOwnFolder, withOwnFolder, writeRecord } from './own-folder.ts';
import { parseMarker } from './records.ts';

export const MARKER_FILE = 'marker.json';

/**
 * Undefined when there is none.
 * @throws PillionError `record_invalid` for one that cannot be ours, `own_folder_foreign`, `read_failed`
 */
export function readMarker(volume: string): Promise<Marker | undefined> {
  return withOwnFolder(volume, { isMade: false }, async (folder) =>
    folder === undefined ? undefined : await readRecord(folder, MARKER_FILE, parseMarker),
  );
}

/** Also makes our folder. */
export function writeMarker(volume: string, marker: Marker): Promise<void> {
  return withMadeOwnFolder(volume, (folder) => writeRecord(folder, MARKER_FILE, marker));
}
