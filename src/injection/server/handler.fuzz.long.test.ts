/** Reviews that are broken or hostile, by the thousand, over connections. PILLION_FUZZ_RUNS makes more. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { expect, it, onTestFinished } from 'vitest';
import { startHttpServer } from '../../core/http/server.ts';
import { createLog } from '../../core/log/log.ts';
import { createSecrets } from '../../core/log/secrets.ts';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { isMap, memberAt, textAt } from '../../kubernetes/json.ts';
import { applyPatch, type PatchOperation } from '../engine/json-patch.ts';
import { hostileReview, type Sender, sender } from '../testing/hostile-reviews.ts';
import { testSettings } from '../testing/settings.ts';
import { webhookRoutes } from './handler.ts';

const RUNS = 500;
/** Cases that are sent slowly wait more than they work. */
const LANES = 16;
const PATHS = ['/mutate?timeout=1s', '/mutate/namespace/label?timeout=1s', '/advise?timeout=1s'];

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An answer, or undefined where the sender has gone without one. */
async function send(
  port: number,
  agent: Agent,
  path: string,
  body: string,
  how: Sender,
): Promise<Answer | undefined> {
  const bytes = Buffer.from(body);
  if (how === 'cut') {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes.length + 10}\r\n\r\n`;
    socket.on('error', () => undefined);
    socket.end(Buffer.concat([Buffer.from(head), bytes.subarray(0, Math.floor(bytes.length / 2))]));
    socket.resume();
    await once(socket, 'close');
    return undefined;
  }
  const asked = request({ port, host: '127.0.0.1', path, method: 'POST', agent });
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  if (how === 'pieces') {
    for (let at = 0; at < bytes.length; at += 1_000) {
      asked.write(bytes.subarray(at, at + 1_000));
    }
    asked.end();
  } else if (how === 'slow') {
    // The rest never comes.
    asked.setHeader('content-length', bytes.length + 1);
    asked.write(bytes);
  } else {
    asked.end(bytes);
  }
  asked.on('error', () => undefined);
  const [answer] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
  }
  asked.destroy();
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

/** The same for the same JSON, whatever the order of its keys. */
function canonical(json: unknown): string {
  return JSON.stringify(json, (_key, value: unknown) =>
    isMap(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
}

/** What is wrong with an answer to a body; every answer is either a verdict or a refusal of what is no review. */
function judge(body: string, how: Sender, answer: Answer | undefined): void {
  if (how === 'cut') {
    return;
  }
  if (how === 'slow') {
    expect(answer?.status).toBe(503);
    return;
  }
  expect([200, 400]).toContain(answer?.status);
  if (answer?.status !== 200) {
    return;
  }
  const asked: unknown = JSON.parse(body.replace(/^\ufeff/, ''));
  const said: unknown = JSON.parse(answer.text);
  const response = memberAt(said, 'response');
  expect(textAt(said, 'apiVersion')).toBe(textAt(asked, 'apiVersion'));
  expect(textAt(response, 'uid')).toBe(textAt(asked, 'request', 'uid'));
  expect(textAt(response, 'auditAnnotations', 'reason')).not.toBe('internal');
  expect(memberAt(response, 'patch') === undefined).toBe(memberAt(response, 'patchType') === undefined);
  const patch = textAt(response, 'patch');
  if (patch !== undefined) {
    const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as PatchOperation[];
    const object = memberAt(asked, 'request', 'object') ?? null;
    const before = JSON.stringify(object);
    const ours = applyPatch(object, operations);
    // Our own applier shares what it does not touch with the original, and changes none of it.
    expect(JSON.stringify(object)).toBe(before);
    const theirs = jsonPatch.applyPatch(
      object as object,
      operations as jsonPatch.Operation[],
      true,
      false,
      false,
    );
    // Texts, since some are nested too deeply to be compared otherwise.
    expect(canonical(theirs.newDocument)).toBe(canonical(ours));
  }
}

it(
  'every one of them is answered with a verdict whose patch applies, or told what is wrong with it',
  async () => {
    const settings = testSettings();
    const lines: string[] = [];
    const log = createLog({
      verbosity: -1,
      secrets: createSecrets(),
      write: (line) => void lines.push(line),
    });
    const server = await startHttpServer({
      bind: '127.0.0.1:0',
      log,
      routes: webhookRoutes({ settings: () => settings, version: 'test', log }),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: LANES });
    onTestFinished(async () => {
      agent.destroy();
      await server.close();
    });
    const one = fc.tuple(hostileReview, sender, fc.constantFrom(...PATHS));
    const { numRuns, seed } = fuzz(RUNS);
    const statuses = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: LANES, maxLength: LANES }), async (cases) => {
        await Promise.all(
          cases.map(async ([body, how, path]) => {
            const answer = await send(server.port, agent, path, body, how);
            const key = `${how} ${answer?.status ?? 'gone'}`;
            statuses.set(key, (statuses.get(key) ?? 0) + 1);
            judge(body, how, answer);
          }),
        );
      }),
      { numRuns: Math.ceil(numRuns / LANES), seed },
    );
    expect(lines).toEqual([]);
    expect(isMap(Object.prototype) && 'polluted' in Object.prototype).toBe(false);
    // They must not all be refused by the first check.
    expect(statuses.get('whole 200') ?? 0).toBeGreaterThan(numRuns / 4);
  },
  fuzzTimeout(RUNS, 60_000),
);
