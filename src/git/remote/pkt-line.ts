/** Git's pkt-line framing (gitprotocol-common(5)): four hex digits of length, then the payload. */
import { REMOTE_ERRORS } from './errors.ts';

export type Packet =
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'flush' | 'delim' | 'end' };

const SPECIAL: Readonly<Record<number, 'flush' | 'delim' | 'end'>> = { 0: 'flush', 1: 'delim', 2: 'end' };
const LONGEST = 65_520;
const HEAD = 4;

/** One line as a packet. */
export function encodePacket(text: string): string {
  return (Buffer.byteLength(text) + HEAD).toString(16).padStart(HEAD, '0') + text;
}

/** The length that a packet says it has, its head included. */
function lengthAt(bytes: Buffer, offset: number): number {
  const head = bytes.toString('latin1', offset, offset + HEAD);
  if (!/^[0-9a-fA-F]{4}$/.test(head)) {
    throw REMOTE_ERRORS.protocol_error({ why: `${JSON.stringify(head)} is not a length` });
  }
  const length = Number.parseInt(head, 16);
  if (length > LONGEST || (length < HEAD && SPECIAL[length] === undefined)) {
    throw REMOTE_ERRORS.protocol_error({ why: `a packet of ${length} bytes` });
  }
  return length;
}

/**
 * Takes the stream in chunks of any size and hands out packets one by one, so that an advertisement of any length
 * costs constant memory, and one that comes byte by byte no more time than another.
 * @throws PillionError `protocol_error` for anything that is not framed as pkt-lines.
 */
export function createPacketReader(onPacket: (packet: Packet) => void): {
  push(chunk: Buffer): void;
  end(): void;
} {
  let parts: Buffer[] = [];
  let held = 0;
  /** Fewer bytes than this are not worth parsing. */
  let wanted = HEAD;

  function take(bytes: Buffer): Buffer {
    let offset = 0;
    while (bytes.length - offset >= HEAD) {
      const length = lengthAt(bytes, offset);
      const special = SPECIAL[length];
      if (special !== undefined) {
        onPacket({ kind: special });
        offset += HEAD;
        continue;
      }
      if (bytes.length - offset < length) {
        wanted = length;
        return bytes.subarray(offset);
      }
      const text = bytes.toString('utf8', offset + HEAD, offset + length);
      onPacket({ kind: 'data', text: text.endsWith('\n') ? text.slice(0, -1) : text });
      offset += length;
    }
    wanted = HEAD;
    return bytes.subarray(offset);
  }

  return {
    push(chunk) {
      parts.push(chunk);
      held += chunk.length;
      if (held >= wanted) {
        const rest = take(parts.length === 1 ? chunk : Buffer.concat(parts));
        parts = rest.length === 0 ? [] : [rest];
        held = rest.length;
      }
    },
    end() {
      if (held > 0) {
        throw REMOTE_ERRORS.protocol_error({ why: 'it ends in the middle of a packet' });
      }
    },
  };
}
