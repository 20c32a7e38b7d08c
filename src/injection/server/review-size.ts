/** What a review may come to in memory. Pure. */
import { type JsonLimits, type JsonSize, jsonSize } from '../../core/json-size.ts';

/**
 * The largest pod that an API server can store by default (1.5 MiB in its own encoding) has below 200,000 values and, where each
 * of its variables has an entry of its own among the managed fields, below 25,000 shapes; what a Kubernetes object nests is
 * below 30 levels.
 */
export const REVIEW_LIMITS: JsonLimits = { depth: 100, values: 400_000, shapes: 50_000 };

/** Measured: of lists in lists, of objects with one member, and of objects of which none is like another. */
const BYTES_OF_VALUE = 130;
const BYTES_OF_SHAPE = 400;
/** A letter beyond Latin-1 makes two bytes of each letter of the text, while that is parsed. */
const BYTES_OF_BYTE = 2;

export type SizedReview =
  /** What parsing may take, besides the body. */
  | { readonly memory: number }
  /** Why it is not parsed, and the HTTP status that says so. */
  | { readonly problem: string; readonly status: 400 | 413 };

const PROBLEMS = {
  depth: {
    problem: `the body has lists and objects nested more than ${REVIEW_LIMITS.depth} deep`,
    status: 400,
  },
  values: { problem: `the body has more than ${REVIEW_LIMITS.values} values`, status: 413 },
  shapes: {
    problem: `the body has more than ${REVIEW_LIMITS.shapes} objects or members that are unlike all others`,
    status: 413,
  },
} as const;

/** Looks at a body before it is parsed. */
export function sizeOfReview(body: Uint8Array): SizedReview {
  const size = jsonSize(body, REVIEW_LIMITS);
  return size.over === undefined ? { memory: memoryOf(size, body.length) } : PROBLEMS[size.over];
}

/** What parsing takes. Exported for its test. */
export function memoryOf({ values, shapes }: Pick<JsonSize, 'values' | 'shapes'>, length: number): number {
  return values * BYTES_OF_VALUE + shapes * BYTES_OF_SHAPE + length * BYTES_OF_BYTE;
}
