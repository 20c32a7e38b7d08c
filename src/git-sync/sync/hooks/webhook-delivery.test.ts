import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HookAnswer, startHookServer } from '../../../../test/support/hook-server.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { createSecrets } from '../../../core/log/secrets.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { parseWebhooks } from '../../options/webhook-json.ts';
import { deliverChange } from './webhook-delivery.ts';

const dir = useTempDir();
const change = {
  hash: 'b'.repeat(40),
  previous: 'a'.repeat(40),
  changed: { paths: ['file'], isTruncated: false },
};

/** A receiver that answers so, and a function that tells it of a change. */
async function scene(fields: Record<string, unknown>, ...answers: readonly HookAnswer[]) {
  const server = await startHookServer(...answers);
  onTestFinished(() => server.stop());
  const [hook] = parseWebhooks(JSON.stringify({ url: `${server.url}/s3cret`, ...fields }));
  if (hook === undefined) {
    throw new Error('no webhook');
  }
  const secrets = createSecrets();
  const { log, lines } = createRecordedLog();
  const init = {
    hook,
    secrets,
    log,
    repository: 'https://git.example/r',
    ref: 'main',
    env: {},
  };
  const send = (signal = new AbortController().signal) => deliverChange(init, change, signal);
  return { server, send, secrets, lines };
}

async function file(name: string, text: string): Promise<string> {
  await writeFile(dir.join(name), text);
  return dir.join(name);
}

describe('a delivery to a webhook', () => {
  it('says what has changed, in JSON', async () => {
    const { server, send } = await scene({ headers: { 'X-Env': 'test' } }, { status: 204 });
    await send();
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/s3cret',
      headers: { 'content-type': 'application/json', 'gitsync-hash': change.hash, 'x-env': 'test' },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      hash: change.hash,
      previousHash: change.previous,
      ref: 'main',
      repository: 'https://git.example/r',
      changedPaths: ['file'],
      changedPathsTruncated: false,
    });
  });

  it('may have no body, and a type of its own', async () => {
    const none = await scene({ body: 'none' });
    await none.send();
    expect(none.server.requests).toMatchObject([{ body: '', headers: { 'content-length': '0' } }]);
    expect(none.server.requests[0]?.headers).not.toHaveProperty('content-type');
    const own = await scene({ headers: { 'content-TYPE': 'application/x' } });
    await own.send();
    expect(own.server.requests).toMatchObject([{ headers: { 'content-type': 'application/x' } }]);
  });

  it('is signed over its body, with the key that the file has at that time', async () => {
    const key = await file('key', 'first key\n');
    const { server, send, secrets } = await scene({ 'secret-file': key });
    const sign = (secret: string, body = '') =>
      `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    await send();
    await file('key', 'second key\n');
    await send();
    const [first, second] = server.requests;
    expect(first?.headers['x-hub-signature-256']).toBe(sign('first key', first?.body));
    expect(second?.headers['x-hub-signature-256']).toBe(sign('second key', second?.body));
    expect(secrets.redact('it was second key')).toBe('it was REDACTED');
    const other = await scene({ 'secret-file': key, 'signature-header': 'X-Sig', body: 'none' });
    await other.send();
    expect(other.server.requests[0]?.headers['x-sig']).toBe(sign('second key'));
  });

  it('proves who sends it by a password or a token out of a file', async () => {
    const password = await file('password', 'p:ä\nsecond line\n');
    const basic = await scene({ username: 'u', 'password-file': password });
    await basic.send();
    const proof = Buffer.from('u:p:ä').toString('base64');
    expect(basic.server.requests[0]?.headers.authorization).toBe(`Basic ${proof}`);
    expect(basic.secrets.redact(proof)).toBe('REDACTED');
    const bearer = await scene({ 'bearer-file': await file('token', 'the-token\n') });
    await bearer.send();
    expect(bearer.server.requests[0]?.headers.authorization).toBe('Bearer the-token');
  });

  it.each([
    ['there is none', undefined, 'no such file'],
    ['it is empty', '\n', 'its first line is empty'],
    ['it is too large', 'x'.repeat(100_000), 'more than 65536 bytes'],
  ])('is not sent without its proof: %s', async (_what, text, why) => {
    const key = text === undefined ? dir.join('none') : await file('bad', text);
    const { server, send } = await scene({ 'secret-file': key });
    await expect(send()).rejects.toThrow(why);
    expect(server.requests).toEqual([]);
  });

  it.each([302, 307, 308])('goes nowhere else: an answer of %i fails', async (status) => {
    const elsewhere = await startHookServer();
    onTestFinished(() => elsewhere.stop());
    const { send } = await scene({}, { status, headers: { location: elsewhere.url } });
    await expect(send()).rejects.toMatchObject({ hint: expect.stringContaining('redirects') });
    expect(elsewhere.requests).toEqual([]);
  });

  it('fails without a word of its address but the origin', async () => {
    const { server, send } = await scene({}, { status: 500, body: 'because' });
    await expect(send()).rejects.toThrow(`${server.url} answered with status 500`);
    const wanted = await scene({ 'success-status': 202 }, { status: 200 });
    await expect(wanted.send()).rejects.toThrow('status 200');
    const any = await scene({ 'success-status': 0 }, { status: 500 });
    await any.send();
  });

  it.each([
    ['never answers', { hang: 'never' }],
    ['never ends its answer', { hang: 'after-headers' }],
  ] satisfies [string, HookAnswer][])('ends in time with a receiver that %s', async (_what, answer) => {
    const { send } = await scene({ timeout: '1s' }, answer);
    await expect(send()).rejects.toMatchObject({ facts: { reason: 'timeout' } });
  });

  it('fails with a receiver that floods it', async () => {
    const { send } = await scene({}, { body: 'x'.repeat(8 * 1024 * 1024) });
    await expect(send()).rejects.toMatchObject({ facts: { reason: 'too_long' } });
  });

  it('names the receiver in the log, and not its address', async () => {
    const { send, lines } = await scene({ name: 'deploys' });
    await send();
    expect(lines.join()).toContain('"to":"deploys"');
    expect(lines.join()).not.toContain('s3cret');
  });
});
