import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { deliver } from '../client.ts';
import type { DeliveryPolicy } from './deliver.ts';
import { listen, startWeb } from './fixtures/servers.ts';
import type { ClientRequest } from './types.ts';

/** A receiver that gives these answers, one after another, and a delivery to it that lets the clock run. */
async function scene(
  answers: readonly { status: number; headers?: Record<string, string> }[],
  policy: Partial<DeliveryPolicy> = {},
  request: Partial<ClientRequest> = {},
) {
  const clock = createFakeClock();
  const waits: number[] = [];
  const web = await startWeb((_request, response) => {
    const { status, headers = {} } = answers[web.seen.length - 1] ?? { status: 200 };
    response.writeHead(status, headers).end();
  });
  const sent = deliver(
    {
      method: 'POST',
      url: `${web.url}/s3cret`,
      body: 'ping',
      timeoutMs: 15_000,
      signal: new AbortController().signal,
      env: {},
      ...request,
    },
    {
      attempts: 3,
      delays: (n) => n * 1000,
      clock,
      onRetry: (_error, _attempt, delayMs) => {
        waits.push(delayMs);
        waitFor(() => clock.waits().length > 0, { what: 'the wait' })
          .then(() => clock.advance(delayMs))
          .catch(() => undefined); // then the delivery comes too late
      },
      ...policy,
    },
  );
  return { web, waits, sent };
}

const status = (code: number, headers: Record<string, string> = {}) => ({ status: code, headers });

describe('a delivery', () => {
  it('that arrives is sent once', async () => {
    const { sent, web } = await scene([status(204)]);
    expect(await sent).toMatchObject({ status: 204 });
    expect(web.seen).toMatchObject([{ method: 'POST', body: 'ping' }]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('is tried again after %i', async (code) => {
    const { sent, web, waits } = await scene([status(code), status(code)]);
    expect(await sent).toMatchObject({ status: 200 });
    expect(web.seen).toHaveLength(3);
    expect(waits).toEqual([1000, 2000]);
  });

  it.each([400, 401, 403, 404, 410, 501])('is given up after %i, which will not change', async (code) => {
    const { sent, web } = await scene([status(code)]);
    await expect(sent).rejects.toMatchObject({
      code: 'http_refused',
      message: `HTTP request to ${web.url}: the server answered with status ${code}`,
      facts: { status: code },
    });
    expect(web.seen).toHaveLength(1);
  });

  it.each([302, 304])('has not arrived where the answer is %i without a place to go', async (code) => {
    const { sent } = await scene([status(code)]);
    await expect(sent).rejects.toMatchObject({ code: 'http_refused', facts: { status: code } });
  });

  it('waits as long as the receiver asks', async () => {
    const { sent, waits } = await scene([status(429, { 'retry-after': '30' }), status(503)]);
    await sent;
    expect(waits).toEqual([30_000, 2000]);
  });

  it('is given up when the receiver asks for more than there is time for', async () => {
    const { sent, web } = await scene([status(503, { 'retry-after': '61' })]);
    await expect(sent).rejects.toMatchObject({ facts: { status: 503, retryAfterMs: 61_000 } });
    expect(web.seen).toHaveLength(1);
  });

  it('ends with the last answer when its attempts are used up', async () => {
    const { sent, web } = await scene([status(500), status(500), status(502)]);
    await expect(sent).rejects.toMatchObject({ code: 'http_refused', facts: { status: 502 } });
    expect(web.seen).toHaveLength(3);
  });

  it('may count other statuses as delivered', async () => {
    const { sent } = await scene([status(404)], { isDelivered: () => true });
    expect(await sent).toMatchObject({ status: 404 });
  });

  it('is tried again when nobody listens, but not for a URL that is none', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    const refused = await scene([], {}, { url: `http://127.0.0.1:${port}` });
    await expect(refused.sent).rejects.toMatchObject({ code: 'http_failed', facts: { reason: 'refused' } });
    expect(refused.waits).toHaveLength(2);
    const wrong = await scene([], {}, { url: 'ftp://x' });
    await expect(wrong.sent).rejects.toMatchObject({ facts: { reason: 'settings' } });
    expect(wrong.waits).toHaveLength(0);
  });

  it('ends with its signal while it waits', async () => {
    const stop = new AbortController();
    const { sent } = await scene(
      [status(503)],
      { onRetry: () => stop.abort(new Error('stop')) },
      { signal: stop.signal },
    );
    await expect(sent).rejects.toThrow('stop');
  });
});
