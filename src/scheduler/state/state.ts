import * as v from 'valibot';
import { wholeNumber } from '../../core/whole-number.ts';

/** What is remembered of a job. */
export interface JobState {
  /** The last due instant that was begun, milliseconds since the epoch. */
  readonly scheduled: number;
  readonly finished: boolean;
  /** How often that start was tried. */
  readonly tries: number;
}

/** The year 3000: later than any schedule is computed for. */
const LAST_INSTANT = 32_503_680_000_000;
const MAX_TRIES = 1000;
const MAX_KEY_LENGTH = 200;
const MAX_JOBS = 10_000;

const jobSchema = v.object({
  scheduled: wholeNumber(LAST_INSTANT),
  finished: v.boolean(),
  tries: wholeNumber(MAX_TRIES),
});
const jobsSchema = v.record(v.pipe(v.string(), v.maxLength(MAX_KEY_LENGTH)), jobSchema);
const fileSchema = v.object({
  version: v.literal(1),
  // A record's schema takes lists as well.
  jobs: v.pipe(
    v.unknown(),
    v.check((jobs) => !Array.isArray(jobs), 'must not be a list'),
    jobsSchema,
  ),
});

/**
 * Reads the text of a state file, which others may have written; blank text is no state. Of more jobs than a table
 * can have, the last are kept.
 * @throws Error when it is not a state file or a value is out of bounds
 */
export function parseState(text: string): Map<string, JobState> {
  if (text.trim() === '') {
    return new Map();
  }
  const { jobs } = v.parse(fileSchema, JSON.parse(text));
  return new Map(Object.entries(jobs).slice(-MAX_JOBS));
}

export function renderState(jobs: ReadonlyMap<string, JobState>): string {
  return `${JSON.stringify({ version: 1, jobs: Object.fromEntries(jobs) })}\n`;
}
