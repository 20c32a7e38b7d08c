/** Values in what other programs and servers say, read with suspicion. */

/** `2026-11-28T12:00:00Z`, with a fraction and an offset where there are any. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export const isRfc3339 = (value: unknown): value is string =>
  typeof value === 'string' && RFC_3339.test(value);

/** A number, or digits that are one; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') {
    return value;
  }
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
}
