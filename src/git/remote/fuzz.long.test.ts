/** Answers of servers that are broken or hostile, by the thousand. PILLION_FUZZ_RUNS makes more. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { expectLinear, pumped } from '../../core/testing/linear.ts';
import { createAdvertisementReader, createLsRefsReader } from './ls-refs.ts';
import { encodePacket } from './pkt-line.ts';
import { candidates } from './ref-rules.ts';

const RUNS = 2000;
const NAME = 'main';

const hash = fc.oneof(
  fc.constantFrom(
    'a'.repeat(40),
    'b'.repeat(64),
    '0'.repeat(40),
    'A'.repeat(40),
    'a'.repeat(39),
    '',
    'unborn',
  ),
  fc.string({ maxLength: 70 }),
);
const ref = fc.oneof(
  fc.constantFrom(...candidates(NAME), 'refs/heads/main^{}', 'HEAD', '', 'refs/heads/other', '__proto__'),
  fc.string({ maxLength: 30 }),
);
const attribute = fc.oneof(
  fc.constantFrom(
    '',
    ' peeled:',
    ` peeled:${'c'.repeat(40)}`,
    ' peeled:x',
    ' symref-target:HEAD',
    '\0side-band',
  ),
  fc.string({ maxLength: 20 }),
);
const line = fc
  .tuple(hash, fc.constantFrom(' ', '\t', '', '  '), ref, attribute, fc.constantFrom('\n', '', '\r\n'))
  .map((parts) => parts.join(''));
const packet = fc.oneof(
  { weight: 6, arbitrary: line.map(encodePacket) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        '# service=git-upload-pack\n',
        'version 2\n',
        'version 1\n',
        'object-format=sha256\n',
        'ERR no\n',
      )
      .map(encodePacket),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('0000', '0001', '0002', '0003', '0004', 'fff0', 'ffff', 'zzzz', '-001'),
  },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 40 }) },
);
const answer = fc
  .tuple(fc.array(packet, { maxLength: 12 }), fc.constantFrom('0000', '', '00'))
  .map(([all, end]) => {
    return Buffer.from(`${all.join('')}${end}`);
  });
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

interface Reader {
  push(chunk: Buffer): void;
  finish(): unknown;
}

/** What a reader makes of the bytes: its result, or the code it refused them with. */
function read(reader: Reader, chunks: readonly Buffer[]): unknown {
  try {
    chunks.forEach((chunk) => reader.push(chunk));
    return reader.finish();
  } catch (error) {
    expect(error).toMatchObject({ code: 'protocol_error' });
    return 'protocol_error';
  }
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function expectOnlyWanted(result: unknown): void {
  const refs = result instanceof Map ? result : (result as { refs?: unknown }).refs;
  if (!(refs instanceof Map)) {
    return;
  }
  for (const [name, found] of refs as ReadonlyMap<string, { name: string; hash: string; peeled?: string }>) {
    expect(candidates(NAME)).toContain(name);
    expect(found.name).toBe(name);
    expect([found.hash, found.peeled ?? found.hash].join(' ')).toMatch(/^[0-9a-f]{40,64} [0-9a-f]{40,64}$/);
  }
}

describe.each([
  ['an answer to ls-refs', createLsRefsReader],
  ['an advertisement', createAdvertisementReader],
])('%s', (_what, create: (name: string) => Reader) => {
  it(
    'is refs that were asked for, or refused, and the same however it is cut',
    () => {
      fc.assert(
        fc.property(answer, cuts, (bytes, sizes) => {
          const whole = read(create(NAME), [bytes]);
          expectOnlyWanted(whole);
          expect(read(create(NAME), cut(bytes, sizes))).toEqual(whole);
        }),
        fuzz(RUNS),
      );
    },
    fuzzTimeout(RUNS),
  );

  it('is read in time proportional to its length', () => {
    const run = (text: string) => {
      try {
        create(NAME).push(Buffer.from(text));
      } catch {
        // Refused, which is an answer as well.
      }
    };
    const head = `${encodePacket('# service=git-upload-pack\n')}0000`;
    for (const piece of ['0000', '0004', '0', encodePacket(`${'a'.repeat(40)} ${' '.repeat(60_000)}`)]) {
      expectLinear(run, pumped('', piece));
      expectLinear(run, pumped(head, piece));
    }
  });

  it('that comes byte by byte costs no more than one that comes at once', () => {
    const one = encodePacket(`${'a'.repeat(40)} refs/heads/${'x'.repeat(65_000)}\n`);
    expectLinear(
      (text: string) => {
        const reader = create(NAME);
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += 1) {
          reader.push(bytes.subarray(at, at + 1));
        }
      },
      pumped('', one),
      { limitMs: 500 },
    );
  });
});
