import { Buffer } from 'node:buffer';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What a server can do wrong. Byte counts are bytes of the response body unless said otherwise. */
export type Fault =
  /** Sends so many bytes, then holds the connection open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Holds the connection after so many bytes of status line and headers: 0 is a server that never answers. */
  | { readonly kind: 'stall-in-headers'; readonly afterBytes: number }
  /** Sends so many bytes, then closes the connection. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Answers properly, but only so fast. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Waits before it answers properly. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Sends the client to the same path below another base URL. Default status 302. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Answers with anything: a login page, garbage, an endless list. */
  | {
      readonly kind: 'answer';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string | Uint8Array | (() => AsyncIterable<string | Uint8Array>);
    };

/** One line of git's wire format: four hex digits of length, then the data. */
function pktLine(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement';

/** Answers that lie, for servers between the client and git: proxies, portals, attackers. */
export const LIES = {
  loginPage: {
    kind: 'answer',
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>Sign in</title><form method="post"><input name="user"></form>\n',
  },
  wrongContentType: {
    kind: 'answer',
    headers: { 'content-type': 'text/plain' },
    body: Buffer.concat([
      pktLine('# service=git-upload-pack\n'),
      Buffer.from('0000'),
      pktLine('version 2\n'),
    ]),
  },
  garbage: {
    kind: 'answer',
    headers: { 'content-type': ADVERTISEMENT },
    body: Buffer.from('zzzz\u0000\u0001not pkt-lines at all\nffff', 'latin1'),
  },
  /** The first length says 65,519 bytes, and then there are three. */
  shortPktLine: {
    kind: 'answer',
    headers: { 'content-type': ADVERTISEMENT },
    body: Buffer.concat([pktLine('# service=git-upload-pack\n'), Buffer.from('0000fff0abc')]),
  },
  emptyBody: { kind: 'answer', headers: { 'content-type': ADVERTISEMENT }, body: '' },
} as const satisfies Readonly<Record<string, Fault>>;

/** A ref advertisement (protocol v0) that does not end before `refs` lines were sent; 1,000,000 are about 70 MB. */
export function hugeAdvertisement(refs: number): Fault {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat([pktLine('# service=git-upload-pack\n'), Buffer.from('0000')]);
    const hash = '1'.repeat(40);
    for (let first = 0; first < refs; first += 1000) {
      const lines = Array.from({ length: Math.min(1000, refs - first) }, (_, index) => {
        const capabilities = first + index === 0 ? '\0multi_ack side-band-64k ofs-delta' : '';
        return pktLine(`${hash} refs/heads/branch-${first + index}${capabilities}\n`);
      });
      yield Buffer.concat(lines);
    }
    yield Buffer.from('0000');
  }
  return { kind: 'answer', headers: { 'content-type': ADVERTISEMENT }, body };
}

/** Lets `limit` bytes through and then calls `onLimit` once; the rest is kept back for ever. */
export function byteLimit(limit: number, onLimit: () => void): Transform {
  let passed = 0;
  let reached = false;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (reached) {
        return;
      }
      const room = limit - passed;
      if (chunk.length < room) {
        passed += chunk.length;
        done(null, chunk);
        return;
      }
      reached = true;
      stream.push(chunk.subarray(0, room));
      onLimit();
    },
  });
  return stream;
}

/** Lets so many bytes a second through, in small portions. */
export function throttle(bytesPerSecond: number): Transform {
  const portion = Math.max(1, Math.floor(bytesPerSecond / 20));
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length && !this.destroyed; at += portion) {
        this.push(chunk.subarray(at, at + portion));
        await delay((Math.min(portion, chunk.length - at) / bytesPerSecond) * 1000);
      }
      done();
    },
  });
}
