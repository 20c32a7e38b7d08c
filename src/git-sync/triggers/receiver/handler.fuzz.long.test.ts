/** Whatever a stranger sends, no sync follows; whatever somebody with a secret sends, there is an answer. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DELIVERY_SECRET, deliveryNames, recordedDelivery } from '../../../../test/support/deliveries.ts';
import { systemClock } from '../../../core/clock.ts';
import { createSecrets } from '../../../core/log/secrets.ts';
import { fuzz } from '../../../core/testing/fuzz.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { createHandler } from './handler.ts';
import { watchPasses } from './passes.ts';

const deliveries = deliveryNames().map(recordedDelivery);
const NAMES = [...new Set(deliveries.flatMap(({ headers }) => Object.keys(headers)))];
const VALUES = [...new Set(deliveries.flatMap(({ headers }) => Object.values(headers)))];
const OTHER_SECRET = 'none-of-those-that-were-used';

function start(secret: string) {
  let requests = 0;
  const handle = createHandler({
    targets: () => [
      {
        name: undefined,
        followed: {
          repo: 'https://github.com/Codertocat/Hello-World',
          follow: { kind: 'ref', ref: 'master' },
        },
        pace: {
          request() {
            requests += 1;
            return { kind: 'now' };
          },
          close: () => {},
        },
        passes: watchPasses(),
        unseen: { expect: () => {}, found: () => {}, close: () => {} },
        waitMs: 1000,
      },
    ],
    secrets: { current: () => Promise.resolve([secret]) },
    clock: systemClock,
    log: createRecordedLog(0).log,
    redact: createSecrets().redact,
    count: () => {},
    stop: new AbortController().signal,
  });
  const send = (headers: Readonly<Record<string, string>>, body: Uint8Array) =>
    handle({
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers,
      remoteAddress: '10.0.0.1',
      signal: new AbortController().signal,
      readBody: () => Promise.resolve(Buffer.from(body)),
      takeBody: (take) => Promise.resolve(take(Buffer.from(body))),
      giveUp: () => {},
    });
  return { send, requests: () => requests };
}

const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 100 }));
const headers = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 12 });
const body = fc.oneof(
  fc.constantFrom(...deliveries.map((delivery) => new Uint8Array(delivery.body))),
  fc.json({ maxDepth: 6 }).map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 300 }),
);

it('who knows no secret starts no sync, with any headers and any body, recorded ones included', async () => {
  const { send, requests } = start(OTHER_SECRET);
  for (const delivery of deliveries) {
    expect((await send(delivery.headers, delivery.body)).status).toBe(401);
  }
  await fc.assert(
    fc.asyncProperty(headers, body, async (given, bytes) => {
      expect((await send(given, bytes)).status).toBe(401);
    }),
    fuzz(1000),
  );
  expect(requests()).toBe(0);
});

it('who knows one gets an answer of the table, whatever the rest of it is', async () => {
  const { send } = start(DELIVERY_SECRET);
  await fc.assert(
    fc.asyncProperty(headers, body, fc.boolean(), async (given, bytes, isSigned) => {
      const signature = createHmac('sha256', DELIVERY_SECRET).update(bytes).digest('hex');
      const proof = isSigned
        ? { 'x-hub-signature-256': `sha256=${signature}` }
        : { authorization: `Bearer ${DELIVERY_SECRET}` };
      const { status, body: text } = await send({ ...given, ...proof }, bytes);
      expect(status).toBeOneOf([200, 202, 400]);
      expect(JSON.parse(String(text))).toMatchObject({
        outcome: expect.any(String),
        message: expect.any(String),
      });
    }),
    fuzz(1000),
  );
});
