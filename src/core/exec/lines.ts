/** Takes chunks of bytes and hands out lines of text. */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** Hands out a last line that has no line end. */
  end(): void;
}

const NEWLINE = 0x0a;
const FIRST_CAPACITY = 256;

/**
 * Splits a stream into lines, without the line end (LF or CRLF). Memory is bounded: of a longer line the first
 * `maxLineBytes` bytes are handed out, cut at a whole character, with `truncated`; the rest up to the line end is dropped.
 */
export function lineSplitter(
  onLine: (line: string, truncated: boolean) => void,
  maxLineBytes: number,
): LineSplitter {
  let pending: Buffer = Buffer.alloc(0);
  let length = 0;
  let overflowed = false;

  function keep(part: Uint8Array): void {
    const kept = part.subarray(0, maxLineBytes - length);
    overflowed ||= kept.length < part.length;
    if (length + kept.length > pending.length) {
      const capacity = Math.max(FIRST_CAPACITY, 2 * pending.length, length + kept.length);
      const larger = Buffer.allocUnsafe(capacity);
      pending.copy(larger, 0, 0, length);
      pending = larger;
    }
    pending.set(kept, length);
    length += kept.length;
  }

  function flush(): void {
    const line = decodeLine(pending.subarray(0, length), overflowed);
    const truncated = overflowed;
    length = 0;
    overflowed = false;
    onLine(line, truncated);
  }

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at));
        from = at + 1;
        flush();
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (length > 0 || overflowed) {
        flush();
      }
    },
  };
}

function decodeLine(bytes: Buffer, cut: boolean): string {
  if (cut) {
    return bytes.toString('utf8', 0, wholeCharacters(bytes));
  }
  const text = bytes.toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

/** How many leading bytes form whole characters: an unfinished UTF-8 sequence at the end does not count. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) {
      return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/** Bytes of the UTF-8 sequence that starts with `byte`. */
function sequenceLength(byte: number): number {
  if (byte >= 0xf0) {
    return 4;
  }
  if (byte >= 0xe0) {
    return 3;
  }
  return byte >= 0xc0 ? 2 : 1;
}
