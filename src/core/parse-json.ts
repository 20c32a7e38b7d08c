/** Foreign JSON that may be many megabytes long. */
import { type JsonLimits, jsonSize } from './json-size.ts';

/**
 * As JSON.parse, but a text that would become far more in memory than it is in bytes is not parsed. One that is too short to
 * pass a limit is not looked at first.
 * @throws SyntaxError for what is no JSON, RangeError for what passes a limit
 */
export function parseJson(text: string, limits: Omit<JsonLimits, 'depth'>): unknown {
  const { over } = isHarmless(text.length, limits)
    ? {}
    : jsonSize(Buffer.from(text), { ...limits, depth: 100 });
  if (over === 'depth') {
    throw new RangeError('lists and objects nested more than 100 deep');
  }
  if (over !== undefined) {
    throw new RangeError(
      `more than ${limits[over]} ${over === 'values' ? 'values' : 'objects or members that are unlike all others'}`,
    );
  }
  return JSON.parse(text);
}

/** A value takes two letters at least, as in `[1,1]`, and a name five. */
const isHarmless = (length: number, { values, shapes }: Omit<JsonLimits, 'depth'>): boolean =>
  length <= 2 * values && length <= 5 * shapes;
