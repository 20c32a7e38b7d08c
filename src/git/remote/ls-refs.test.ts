import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdvertisementReader, createLsRefsReader, lsRefsRequest } from './ls-refs.ts';
import { createPacketReader, encodePacket, type Packet } from './pkt-line.ts';
import { picked, refNamed } from './ref-query.ts';
import type { AdvertisedRef } from './ref-rules.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

/** The commit that a name means in a list of refs. */
const commitOf = (name: string, refs: ReadonlyMap<string, AdvertisedRef>) =>
  picked(refNamed(name), refs)?.hash;

function feed(reader: { push(chunk: Buffer): void }, text: string, cut = text.length): void {
  for (let offset = 0; offset < text.length; offset += cut) {
    reader.push(Buffer.from(text.slice(offset, offset + cut)));
  }
}

describe('pkt-lines', () => {
  it('come out the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 200 })), fc.integer({ min: 1, max: 50 }), (texts, cut) => {
        const bytes = Buffer.from(`${texts.map((text) => encodePacket(`${text}\n`)).join('')}0000`);
        const packets: Packet[] = [];
        const reader = createPacketReader((packet) => packets.push(packet));
        for (let offset = 0; offset < bytes.length; offset += cut) {
          reader.push(bytes.subarray(offset, offset + cut));
        }
        reader.end();
        expect(packets).toEqual([...texts.map((text) => ({ kind: 'data', text })), { kind: 'flush' }]);
      }),
    );
  });

  it('never throw anything but a protocol error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const reader = createPacketReader(() => {});
        try {
          reader.push(Buffer.from(bytes));
          reader.end();
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol_error' });
        }
      }),
    );
  });
});

describe('an ls-refs answer', () => {
  const answer = [
    encodePacket(`${A} HEAD symref-target:refs/heads/main\n`),
    encodePacket(`${A} refs/heads/main\n`),
    encodePacket(`${B} refs/tags/v1 peeled:${C}\n`),
    '0000',
  ].join('');

  it('gives a branch its hash and an annotated tag the commit it points to', () => {
    for (const [name, hash] of [
      ['main', A],
      ['HEAD', A],
      ['v1', C],
      ['refs/heads/main', A],
      ['absent', undefined],
    ] as const) {
      const reader = createLsRefsReader(name);
      feed(reader, answer, 7);
      expect(commitOf(name, reader.finish())).toBe(hash);
    }
  });

  it('prefers a tag to a branch of the same name, as git does', () => {
    const reader = createLsRefsReader('x');
    feed(reader, `${encodePacket(`${A} refs/heads/x\n`)}${encodePacket(`${B} refs/tags/x\n`)}0000`);
    expect(commitOf('x', reader.finish())).toBe(B);
  });

  it('is refused when it was cut before its end', () => {
    const reader = createLsRefsReader('main');
    feed(reader, answer.slice(0, -4));
    expect(() => reader.finish()).toThrow(/cut/);
  });

  it('is asked for with the prefixes of every ref the name could mean', () => {
    const body = lsRefsRequest('main', 'git/test');
    expect(body).toContain('ref-prefix refs/heads/main\n');
    expect(body.startsWith('0014command=ls-refs\n')).toBe(true);
    expect(body.endsWith('0000')).toBe(true);
  });
});

describe('an advertisement', () => {
  const service = `${encodePacket('# service=git-upload-pack\n')}0000`;

  it('of protocol version 2 says so', () => {
    const reader = createAdvertisementReader('main');
    const text = `${encodePacket('version 2\n')}${encodePacket('ls-refs\n')}0000`;
    feed(reader, `${service}${text}`);
    expect(reader.finish()).toEqual({ version: 2, format: 'sha1', text });
  });

  it('of protocol version 0 lists the refs, tags with what they point to', () => {
    const reader = createAdvertisementReader('v1');
    const lines = [`${A} HEAD\0multi_ack thin-pack\n`, `${B} refs/tags/v1\n`, `${C} refs/tags/v1^{}\n`];
    feed(reader, `${service}${lines.map(encodePacket).join('')}0000`, 11);
    const advertised = reader.finish();
    expect(advertised.version === 0 && commitOf('v1', advertised.refs)).toBe(C);
  });

  it('that is an HTML page is a protocol error', () => {
    const reader = createAdvertisementReader('main');
    expect(() => feed(reader, '<html><body>please log in</body></html>')).toThrow(/not git's protocol/);
  });
});
