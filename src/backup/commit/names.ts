/** What lies in our folder on a volume. */

/** Where a snapshot is written to before it takes its place. */
export const STAGE = 'stage';
/** In the stage: what the engine writes to. */
export const TARGET = 'target';
/** What restores found on the volume. */
export const QUARANTINE = 'quarantine';
