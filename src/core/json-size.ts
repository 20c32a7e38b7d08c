/**
 * How much JSON.parse would make of a text, from reading its bytes once: it may be 500 bytes of memory for seven of the text, so a
 * bound on the length of a foreign text bounds neither the memory nor the time that it takes.
 */

/** What a text may have at most. */
export interface JsonLimits {
  /** Of lists and objects within each other. */
  readonly depth: number;
  /** Lists, objects, strings and whatever else is a value. */
  readonly values: number;
  /**
   * Sequences of names that objects begin with. V8 describes each of them once, in 500 bytes; objects of the same kind
   * share theirs.
   */
  readonly shapes: number;
}

export interface JsonSize extends JsonLimits {
  /** The limit that is passed: there the counts have ended. */
  readonly over: keyof JsonLimits | undefined;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const MAP = 0x7b;
const MAP_END = 0x7d;

const ENDS_SCALAR = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= SPACE || [QUOTE, COMMA, COLON, LIST, LIST_END, MAP, MAP_END].includes(byte) ? 1 : 0,
);

/** Nobody outside knows which shapes would be taken for the same one. */
const SEED = Math.floor(Math.random() * 2 ** 32) | 1;
const PRIME = 0x01000193;
const LARGEST_TABLE_BITS = 20;

/** `"":0,` is the least that comes with a name. */
const LEAST_BYTES_OF_NAME = 5;

/**
 * Counts no less than JSON.parse would make, up to where that gives up on what is no JSON. A name that an object has twice
 * counts twice. In a text that is too short for too many shapes all names count; of those in a longer one a few in a hundred
 * may be missed. One loop, because reviews wait for it: 2 to 3 ns for a byte without V8's best compiler.
 */
export function jsonSize(bytes: Uint8Array, limits: JsonLimits): JsonSize {
  const { length } = bytes;
  const count = length < LEAST_BYTES_OF_NAME * limits.shapes ? undefined : shapeCounter(length);
  // By depth: the shape of an object as far as it has come, and 0 for a list.
  const open = new Int32Array(Math.min(limits.depth, length) + 1);
  let depth = 0;
  let deepest = 0;
  let values = 0;
  let shapes = 0;
  let isName = false;
  let over: keyof JsonLimits | undefined;
  for (let at = 0; at < length && over === undefined; at += 1) {
    const byte = bytes[at] as number;
    if (byte <= SPACE || byte === COLON) {
      continue;
    }
    if (byte === COMMA) {
      isName = open[depth] !== 0;
    } else if (byte === QUOTE) {
      const from = at + 1;
      for (at += 1; at < length && bytes[at] !== QUOTE; at += 1) {
        if (bytes[at] === BACKSLASH) {
          at += 1;
        }
      }
      if (!isName) {
        values += 1;
      } else if (count === undefined) {
        shapes += 1;
      } else {
        const shape = extended(open[depth] as number, bytes, from, at);
        open[depth] = shape;
        shapes += count(shape);
      }
      isName = false;
    } else if (byte === LIST_END || byte === MAP_END) {
      if (depth === 0) {
        break;
      }
      depth -= 1;
      isName = false;
    } else {
      values += 1;
      if (byte === LIST || byte === MAP) {
        depth += 1;
        if (depth > limits.depth) {
          over = 'depth';
        }
        deepest = depth > deepest ? depth : deepest;
        isName = byte === MAP;
        open[depth] = isName ? SEED : 0;
      } else {
        at = endOfScalar(bytes, at);
      }
    }
    if (values > limits.values) {
      over = 'values';
    } else if (shapes > limits.shapes) {
      over = 'shapes';
    }
  }
  return { depth: deepest, values, shapes, over };
}

/** The last byte of a number or a word, or of whatever else stands where one should. */
function endOfScalar(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < bytes.length && ENDS_SCALAR[bytes[at] as number] === 0) {
    at += 1;
  }
  return at - 1;
}

/** The shape with one more name; never 0. */
function extended(shape: number, bytes: Uint8Array, from: number, end: number): number {
  let hash = shape;
  for (let at = from; at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME);
  }
  return Math.imul(hash ^ QUOTE, PRIME) || 1;
}

/** A function that gives 1 for a shape that it has not had yet. Each is a bit, of many more than there are shapes. */
function shapeCounter(length: number): (shape: number) => 0 | 1 {
  const bits = Math.min(33 - Math.clz32(length), LARGEST_TABLE_BITS);
  const table = new Int32Array(2 ** Math.max(bits - 5, 0));
  return (shape) => {
    const place = Math.imul(shape ^ (shape >>> 15), 0x2c1b3c6d) >>> (32 - bits);
    const word = table[place >>> 5] ?? 0;
    const mark = 1 << (place & 31);
    if ((word & mark) !== 0) {
      return 0;
    }
    table[place >>> 5] = word | mark;
    return 1;
  };
}
