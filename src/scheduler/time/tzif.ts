/** Zone files as in RFC 8536 ("TZif"): the changes of a zone, and the rule that holds after the last one. */
export interface ZoneFile {
  /** Before the first change. Offsets and instants are milliseconds. */
  readonly firstOffset: number;
  /** Ascending; each with the offset from then on. */
  readonly changes: readonly { readonly at: number; readonly offset: number }[];
  /** A POSIX rule; '' when the last offset holds on. */
  readonly footer: string;
}

const MAGIC = 'TZif';
const HEADER_BYTES = 44;
const VERSION_2 = 0x32;
/** No zone comes near these: a file that does is none. */
const MAX_CHANGES = 100_000;
const MAX_TYPES = 256;
const MAX_OFFSET_SECONDS = 26 * 3600;

interface Counts {
  readonly isUt: number;
  readonly isStandard: number;
  readonly leaps: number;
  readonly times: number;
  readonly types: number;
  readonly characters: number;
}

/**
 * Reads a zone file of version 2 or later, which every tz database since 2005 has.
 * @returns undefined when it is none, is damaged, or counts leap seconds (`right/...`)
 */
export function parseZoneFile(bytes: Buffer): ZoneFile | undefined {
  try {
    const first = readCounts(bytes, 0);
    if (first === undefined || (bytes[4] ?? 0) < VERSION_2) {
      return undefined;
    }
    // The first block has 32-bit times and is there for old readers.
    const start = HEADER_BYTES + blockBytes(first, 4);
    const counts = readCounts(bytes, start);
    return counts === undefined || counts.leaps > 0
      ? undefined
      : readBlock(bytes, start + HEADER_BYTES, counts);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined; // it is shorter than it says
    }
    throw error;
  }
}

function readCounts(bytes: Buffer, at: number): Counts | undefined {
  if (bytes.toString('latin1', at, at + MAGIC.length) !== MAGIC) {
    return undefined;
  }
  const count = (index: number): number => bytes.readUInt32BE(at + 20 + 4 * index);
  const counts = {
    isUt: count(0),
    isStandard: count(1),
    leaps: count(2),
    times: count(3),
    types: count(4),
    characters: count(5),
  };
  return counts.times <= MAX_CHANGES && counts.types > 0 && counts.types <= MAX_TYPES ? counts : undefined;
}

function blockBytes(
  { isUt, isStandard, leaps, times, types, characters }: Counts,
  timeBytes: number,
): number {
  return times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + isStandard + isUt;
}

function readBlock(bytes: Buffer, start: number, counts: Counts): ZoneFile | undefined {
  const { times, types } = counts;
  const typeIndexes = start + times * 8;
  const typeTable = typeIndexes + times;
  const offsetOf = (type: number): number => {
    const seconds = bytes.readInt32BE(typeTable + 6 * type);
    if (type >= types || Math.abs(seconds) > MAX_OFFSET_SECONDS) {
      throw new RangeError('there is no such type');
    }
    return seconds * 1000;
  };
  const changes = Array.from({ length: times }, (_, index) => ({
    at: Number(bytes.readBigInt64BE(start + 8 * index)) * 1000,
    offset: offsetOf(bytes.readUInt8(typeIndexes + index)),
  }));
  const isAscending = changes.every(
    ({ at }, index) => at > (changes[index - 1]?.at ?? Number.NEGATIVE_INFINITY),
  );
  const footer = bytes.toString('latin1', start + blockBytes(counts, 8));
  const end = footer.indexOf('\n', 1);
  return isAscending && footer.startsWith('\n') && end > 0
    ? { firstOffset: offsetOf(0), changes, footer: footer.slice(1, end) }
    : undefined;
}
