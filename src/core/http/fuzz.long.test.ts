/** Requests that are broken or hostile, by the thousand, on raw connections. PILLION_FUZZ_RUNS makes more. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyCharacter } from '../testing/any-character.ts';
import { fuzz, fuzzTimeout } from '../testing/fuzz.ts';
import { ANY, type HttpServer, type Route, textReply } from './server.ts';
import { get, startServer } from './testing/server.ts';

const RUNS = 300;
const MAX_BODY = 64;
/** Cases wait more than they work. */
const LANES = 16;
const STATUSES = new Set([100, 200, 400, 404, 405, 408, 413, 431, 417, 501, 505]);

/** Mostly what keeps to HTTP, so that what does not is seen by more than the first check. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

const method = mostly(
  fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'M-SEARCH'),
  fc.oneof(fc.constantFrom('CONNECT', 'PRI', 'get', ''), fc.string({ maxLength: 8 })),
);
const target = mostly(
  fc.constantFrom('/livez', '/hook', '/hook', '/hook?a=b', '/', '//', '/../livez', 'http://x/hook', '/%00'),
  fc.oneof(fc.constantFrom('*', 'x:1', ''), fc.string({ maxLength: 20 })),
);
const version = mostly(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
  fc.constantFrom('HTTP/2.0', 'HTTP/9.9', 'http/1.1', '', 'HTTP/1.1 x'),
);
const header = mostly(
  fc.constantFrom(
    'A: b',
    'Connection: keep-alive',
    'Connection: close',
    'Upgrade: h2c',
    'Expect: 100-continue',
  ),
  fc.oneof(
    fc.constantFrom('Host: b', 'Expect: x', ' folded: yes', 'no colon', ': empty', 'A: \u0000', 'A : b'),
    fc.string({ maxLength: 30 }),
  ),
);
const end = mostly(fc.constant('\r\n'), fc.constantFrom('\n', '\r', '\r\n\r\n', ''));
const chunked = 'Transfer-Encoding: chunked';
/** How the length of the body is given, and the body. */
const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<[string[], string]>(
      [[], ''],
      [['Content-Length: 3'], 'abc'],
      [[chunked], '3\r\nabc\r\n0\r\n\r\n'],
      [[chunked], '3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n'],
      [['Content-Length: 65'], 'x'.repeat(65)],
      [['Content-Length: 64'], 'x'.repeat(64)],
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<[string[], string]>(
      [['Content-Length: 5'], 'abc'],
      [['Content-Length: 1'], 'abc'],
      [['Content-Length: 3', 'Content-Length: 3'], 'abc'],
      [['Content-Length: 3', 'Content-Length: 4'], 'abcd'],
      [['Content-Length: 3', chunked], '3\r\nabc\r\n0\r\n\r\n'],
      [[chunked, 'Content-Length: 3'], 'abc'],
      [['Transfer-Encoding: chunked, identity'], '3\r\nabc\r\n0\r\n\r\n'],
      [['Transfer-Encoding: identity, chunked'], '3\r\nabc\r\n0\r\n\r\n'],
      [['Transfer-Encoding : chunked'], '0\r\n\r\n'],
      [['Content-Length: -1'], 'abc'],
      [['Content-Length: +3'], 'abc'],
      [['Content-Length: 99999999999999999999'], 'abc'],
      [[chunked], 'ffffffffffffffff\r\nabc'],
      [[chunked], '3\nabc\n0\n\n'],
      [[chunked], '3 \r\nabc\r\n0\r\n\r\n'],
      [[], 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n'],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant([chunked]), fc.string({ unit: anyCharacter, maxLength: 100 })),
  },
);
const request = fc
  .tuple(method, target, version, fc.array(fc.tuple(header, end), { maxLength: 3 }), content, end)
  .map(([verb, path, protocol, headers, [lengths, data], blank]) => {
    const extra = headers.map(([text, stop]) => text + stop).join('');
    const told = lengths.map((text) => `${text}\r\n`).join('');
    return `${verb} ${path} ${protocol}\r\nHost: a\r\n${extra}${told}${blank}${data}`;
  });
const bytes = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.array(request, { minLength: 1, maxLength: 3 }).map((all) => Buffer.from(all.join(''))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw)) },
);

/** How long a server that has not answered, or may answer more, is waited for. */
const PATIENCE_MS = 10;

/** Writes the bytes in two parts, ends its side after a while, and gives what came until the server ended the other. */
function send(server: HttpServer, data: Buffer, cutAt: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = '';
  const socket = connect(server.port, '127.0.0.1');
  let patience = setTimeout(() => socket.end(), PATIENCE_MS);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    clearTimeout(patience);
    patience = setTimeout(() => socket.end(), PATIENCE_MS);
  });
  socket.once('close', () => {
    clearTimeout(patience);
    resolve(answer);
  });
  socket.write(data.subarray(0, cutAt));
  socket.write(data.subarray(cutAt));
  return promise;
}

it(
  'any bytes get answers of HTTP or none, handlers see only what keeps to it, and the server lives on',
  async () => {
    const faults: string[] = [];
    const seen = { bodies: 0, statuses: new Map<string, number>() };
    const handle: Route['handle'] = async ({ headers, path, method: verb, readBody }) => {
      const data = await readBody();
      const length = headers['content-length'];
      seen.bodies += 1;
      if (data.length > MAX_BODY || (length !== undefined && Number(length) !== data.length)) {
        faults.push(`a body of ${data.length} bytes, announced as ${length}`);
      }
      if (length !== undefined && headers['transfer-encoding'] !== undefined) {
        faults.push('a length and chunks');
      }
      if (!path.startsWith('/') || !/^[A-Z-]+$/.test(verb)) {
        faults.push(`${verb} ${path}`);
      }
      return textReply(200, 'ok');
    };
    const server = await startServer({
      routes: [{ method: ANY, path: '/hook', maxBodyBytes: MAX_BODY, bodyTimeoutMs: 2000, handle }],
    });
    const { numRuns, seed } = fuzz(RUNS);
    const lane = (index: number) =>
      fc.assert(
        fc.asyncProperty(bytes, fc.nat(100), async (data, cutAt) => {
          const answer = await send(server, data, cutAt);
          for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d+) /gm)) {
            expect(STATUSES).toContain(Number(status));
            seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1);
          }
          expect(answer === '' || answer.startsWith('HTTP/1.1 ')).toBe(true);
          expect(faults).toEqual([]);
        }),
        { numRuns: Math.ceil(numRuns / LANES), seed: seed * LANES + index },
      );
    await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
    // The cases go further than the first check.
    expect(seen.bodies).toBeGreaterThan(numRuns / 20);
    expect([...seen.statuses.keys()]).toEqual(expect.arrayContaining(['200', '400', '404', '405', '413']));
    expect((await get(server, '/livez')).status).toBe(200);
    expect(server.connections()).toBeLessThanOrEqual(1);
  },
  fuzzTimeout(RUNS),
);
