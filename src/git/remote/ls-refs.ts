/** What a ref advertisement says, in protocol version 2 (ls-refs) and in version 0/1 (info/refs). */
import { isFullHash } from '../object-name.ts';
import { refuseAnswer } from './errors.ts';
import { createPacketReader, encodePacket, type Packet } from './pkt-line.ts';
import { keepRef, type RefQuery, refNamed } from './ref-query.ts';
import type { AdvertisedRef } from './ref-rules.ts';

/** How a repository names its objects. */
export type ObjectFormat = 'sha1' | 'sha256';

/** A server of protocol version 2 has a dozen; more is no server of git. */
const MAX_CAPABILITIES = 1000;

const asQuery = (wanted: string | RefQuery) => (typeof wanted === 'string' ? refNamed(wanted) : wanted);

/** The body of an ls-refs request (gitprotocol-v2(5)) for the refs a name could mean. */
export function lsRefsRequest(
  wanted: string | RefQuery,
  agent: string,
  format: ObjectFormat = 'sha1',
): string {
  const prefixes = asQuery(wanted).prefixes.map((prefix) => encodePacket(`ref-prefix ${prefix}\n`));
  return [
    encodePacket('command=ls-refs\n'),
    encodePacket(`agent=${agent}\n`),
    encodePacket(`object-format=${format}\n`),
    '0001',
    encodePacket('peel\n'),
    encodePacket('symrefs\n'),
    ...prefixes,
    '0000',
  ].join('');
}

export interface RefReader {
  push(chunk: Buffer): void;
  /** Nothing more is to come. */
  isComplete(): boolean;
  /** Ends the stream; throws when it was cut. */
  finish(): ReadonlyMap<string, AdvertisedRef>;
}

/** Reads the answer to ls-refs; keeps only what may be wanted. */
export function createLsRefsReader(wanted: string | RefQuery): RefReader {
  const { wants, refs } = asQuery(wanted).start();
  let flushed = false;
  const reader = createPacketReader((packet) => {
    if (flushed || (packet.kind !== 'data' && packet.kind !== 'flush')) {
      refuseAnswer('(more than one list of refs)');
    }
    if (packet.kind !== 'data') {
      flushed = true;
      return;
    }
    const [hash = '', ref = '', ...attributes] = packet.text.split(' ');
    // An unborn HEAD is answered with the word instead of a hash.
    if (hash === 'unborn') {
      return;
    }
    if (!isFullHash(hash) || ref === '') {
      refuseAnswer(packet.text);
    }
    const peeled = attributes.find((word) => word.startsWith('peeled:'))?.slice('peeled:'.length);
    if (wants(ref)) {
      refs.set(
        ref,
        peeled !== undefined && isFullHash(peeled) ? { name: ref, hash, peeled } : { name: ref, hash },
      );
    }
  });
  return {
    push: (chunk) => reader.push(chunk),
    isComplete: () => flushed,
    finish() {
      reader.end();
      return flushed ? refs : refuseAnswer('(the list of refs was cut)');
    },
  };
}

export type Advertisement =
  /** `text` is what was said, as a server says it that is spoken to otherwise than over HTTP. */
  | { readonly version: 2; readonly format: ObjectFormat; readonly text: string }
  | { readonly version: 0; readonly refs: ReadonlyMap<string, AdvertisedRef> };

/**
 * Reads what a server says first, over HTTP (`info/refs?service=git-upload-pack`) after the name of the service: the
 * capabilities of version 2, or the refs of version 0 and 1.
 */
export function createAdvertisementReader(wanted: string | RefQuery): {
  push(chunk: Buffer): void;
  isComplete(): boolean;
  finish(): Advertisement;
} {
  const choice = asQuery(wanted).start();
  const { refs } = choice;
  let announced = false;
  let version: 0 | 2 | undefined;
  let flushed = false;
  let format: ObjectFormat = 'sha1';
  const capabilities: string[] = [];
  const keep = (text: string) => {
    const [line = ''] = text.split('\0');
    const space = line.indexOf(' ');
    const hash = line.slice(0, space);
    const ref = line.slice(space + 1);
    if (space < 0 || !isFullHash(hash)) {
      refuseAnswer(text);
    }
    keepRef(choice, ref, hash);
  };
  const capability = (text: string) => {
    capabilities.push(text);
    if (capabilities.length > MAX_CAPABILITIES) {
      refuseAnswer('(very many capabilities)');
    }
    format = text === 'object-format=sha256' ? 'sha256' : format;
  };
  const take = (packet: Packet) => {
    if (flushed) {
      refuseAnswer('(more than one advertisement)');
    } else if (packet.kind !== 'data') {
      // The first one ends the name of the service, before anything is known of the version.
      flushed = packet.kind === 'flush' && version !== undefined;
      if (!flushed && (!announced || packet.kind !== 'flush')) {
        refuseAnswer('(no advertisement)');
      }
    } else if (!announced && packet.text === '# service=git-upload-pack') {
      announced = true;
    } else if (version === undefined && packet.text === 'version 2') {
      version = 2;
    } else if (version === undefined && packet.text === 'version 1') {
      version = 0;
    } else if (version === 2) {
      capability(packet.text);
    } else {
      version = 0;
      keep(packet.text);
    }
  };
  const reader = createPacketReader(take);
  return {
    push: (chunk) => reader.push(chunk),
    isComplete: () => flushed,
    finish() {
      reader.end();
      if (!flushed || version === undefined) {
        return refuseAnswer('(the advertisement was cut)');
      }
      const said = ['version 2', ...capabilities].map((line) => encodePacket(`${line}\n`));
      return version === 2 ? { version, format, text: `${said.join('')}0000` } : { version, refs };
    },
  };
}
