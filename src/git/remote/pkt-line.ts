/** Git's pkt-line framing (gitprotocol-common(5)): four hex digits of length, then the payload. */
import { PillionError } from '../../core/errors.ts';

export type Packet =
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'flush' | 'delim' | 'end' };

const SPECIAL: Readonly<Record<number, 'flush' | 'delim' | 'end'>> = { 0: 'flush', 1: 'delim', 2: 'end' };
const LONGEST = 65_520;

function broken(why: string): PillionError {
  return new PillionError({
    code: 'protocol_error',
    message: `the server's answer is not git's protocol: ${why}`,
  });
}

/** One line as a packet. */
export function encodePacket(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/**
 * Takes the stream in chunks of any size and hands out packets one by one, so that an advertisement of any length
 * costs constant memory.
 * @throws PillionError `protocol_error` for anything that is not framed as pkt-lines.
 */
export function createPacketReader(onPacket: (packet: Packet) => void): {
  push(chunk: Buffer): void;
  end(): void;
} {
  let pending: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let offset = 0;
      while (pending.length - offset >= 4) {
        const head = pending.toString('latin1', offset, offset + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(head)) {
          throw broken(`${JSON.stringify(head)} is not a length`);
        }
        const length = Number.parseInt(head, 16);
        const special = SPECIAL[length];
        if (special) {
          onPacket({ kind: special });
          offset += 4;
          continue;
        }
        if (length < 4 || length > LONGEST) {
          throw broken(`a packet of ${length} bytes`);
        }
        if (pending.length - offset < length) {
          break;
        }
        const text = pending.toString('utf8', offset + 4, offset + length);
        onPacket({ kind: 'data', text: text.endsWith('\n') ? text.slice(0, -1) : text });
        offset += length;
      }
      pending = pending.subarray(offset);
    },
    end() {
      if (pending.length > 0) {
        throw broken('it ends in the middle of a packet');
      }
    },
  };
}
