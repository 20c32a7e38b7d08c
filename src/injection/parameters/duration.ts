/** Durations in Go's spelling, without fractions: 30s, 5m, 1h30m. */

const DURATION = /^(?:[0-9]{1,6}(?:ms|s|m|h)){1,4}$/;
const PART = /([0-9]{1,6})(ms|s|m|h)/g;
/** Longer ones could leave the range of 64-bit nanoseconds that CEL counts with. */
export const LONGEST_DURATION = 16;

/** The same as a pattern for RE2. */
export const DURATION_PATTERN = DURATION.source;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds, or undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text.length > LONGEST_DURATION || !DURATION.test(text)) {
    return undefined;
  }
  return [...text.matchAll(PART)].reduce(
    (sum, [, digits = '0', unit = 'ms']) => sum + Number(digits) * (UNITS[unit] ?? 0),
    0,
  );
}
