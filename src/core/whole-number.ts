import * as v from 'valibot';

/** A whole number from 0 on, in a file that others may have written. */
export const wholeNumber = (max = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max));
