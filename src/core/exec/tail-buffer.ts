/** The last bytes of a stream, in bounded memory however small or large the chunks are. */
export interface TailBuffer {
  push(chunk: Uint8Array): void;
  /** True once bytes were dropped. */
  readonly truncated: boolean;
  /** What is kept, as UTF-8; never starts inside a character. */
  text(): string;
}

const FIRST_CAPACITY = 1024;
/** A UTF-8 character has at most three continuation bytes. */
const MAX_CONTINUATION = 3;

function isContinuationByte(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Position of the first whole character in `bytes`. */
function characterStart(bytes: Uint8Array): number {
  let start = 0;
  while (start < MAX_CONTINUATION && isContinuationByte(bytes[start])) {
    start += 1;
  }
  return start;
}

/** A buffer that grows by doubling up to `maxBytes` and is a ring from then on. */
export function tailBuffer(maxBytes: number): TailBuffer {
  let buffer: Buffer = Buffer.alloc(0);
  let length = 0; // bytes held
  let end = 0; // where the next byte goes
  let truncated = false;

  function grow(needed: number): void {
    if (needed <= buffer.length || buffer.length >= maxBytes) {
      return;
    }
    let capacity = Math.max(buffer.length, FIRST_CAPACITY);
    while (capacity < needed) {
      capacity *= 2;
    }
    const larger = Buffer.allocUnsafeSlow(Math.min(capacity, maxBytes));
    buffer.copy(larger, 0, 0, length); // not yet a ring: it never grows after it wrapped
    buffer = larger;
    end = length;
  }

  function put(chunk: Uint8Array): void {
    if (end === buffer.length) {
      end = 0;
    }
    const first = Math.min(chunk.length, buffer.length - end);
    buffer.set(chunk.subarray(0, first), end);
    buffer.set(chunk.subarray(first), 0);
    end = first < chunk.length ? chunk.length - first : end + first;
    length = Math.min(length + chunk.length, buffer.length);
  }

  return {
    get truncated() {
      return truncated;
    },
    push(chunk) {
      truncated ||= length + chunk.length > maxBytes;
      const kept = chunk.length > maxBytes ? chunk.subarray(chunk.length - maxBytes) : chunk;
      if (kept.length > 0) {
        grow(length + kept.length);
        put(kept);
      }
    },
    text() {
      if (!truncated) {
        return buffer.toString('utf8', 0, length);
      }
      const ordered = Buffer.concat([buffer.subarray(end), buffer.subarray(0, end)]);
      return ordered.toString('utf8', characterStart(ordered));
    },
  };
}
