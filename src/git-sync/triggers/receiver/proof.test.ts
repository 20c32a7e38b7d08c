import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { examine, type ProofKind, TOLERANCE_MS } from './proof.ts';

const SECRET = 'a-secret-that-is-long-enough';
const NOW = 1_700_000_000_000;

type Headers = Readonly<Record<string, string>>;

function prove(headers: Headers, body: string, secrets: readonly string[] = [SECRET], now = NOW) {
  const proof = examine(headers, secrets, now);
  if (proof.kind !== 'pending') {
    return proof.kind === 'proven' ? proof.by : proof.why;
  }
  for (const byte of Buffer.from(body)) {
    proof.take(Buffer.from([byte]));
  }
  return proof.end()?.by;
}

const sign = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');

describe('the examples that are published', () => {
  it.each<[string, Headers, string, string, ProofKind]>([
    [
      'GitHub: validating webhook deliveries',
      { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
      'Hello, World!',
      "It's a Secret to Everybody",
      'body',
    ],
    [
      'Bitbucket: manage webhooks',
      { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
      'Hello World!',
      "It's a Secret to Everybody",
      'body',
    ],
    [
      'Standard Webhooks, which GitLab follows',
      {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      '{"test": 2432232314}',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'id-time-and-body',
    ],
  ])('of %s holds, and not with another body or secret', (_name, headers, body, secret, by) => {
    const then = 1_614_265_330_000;
    expect(prove(headers, body, ['another-secret-1', secret], then)).toBe(by);
    expect(prove(headers, `${body} `, [secret], then)).toBeUndefined();
    expect(prove(headers, body, [`${secret.slice(0, -4)}AAAA`, SECRET], then)).toBeUndefined();
  });
});

describe('a proof', () => {
  it.each<[Headers]>([
    [{ authorization: `Bearer ${SECRET}` }],
    [{ authorization: `Basic ${Buffer.from(`any:${SECRET}`).toString('base64')}` }],
    [{ 'x-gitlab-token': SECRET }],
  ])('is the secret itself in %j, and the body does not matter', (headers) => {
    expect(prove(headers, 'any')).toBe('token');
    expect(prove(headers, 'any', ['another-secret-1', 'another-secret-2'])).toContain('none of');
  });

  it.each(['x-gitea-signature', 'x-forgejo-signature', 'x-gogs-signature'])(
    'is the bare signature in %s',
    (header) => {
      expect(prove({ [header]: sign('body') }, 'body')).toBe('body');
      expect(prove({ [header]: sign('body') }, 'bodY')).toBeUndefined();
    },
  );

  it('is one right signature among wrong ones, by any of the secrets', () => {
    const headers = { 'x-hub-signature': 'sha1=1234', 'x-hub-signature-256': `sha256=${sign('body')}` };
    expect(prove(headers, 'body', ['another-secret-1', SECRET])).toBe('body');
  });

  it.each<[string, Headers]>([
    ['nothing', {}],
    ['empty signatures', { 'x-hub-signature-256': '', 'x-gitea-signature': '', 'webhook-signature': '' }],
    ['an empty token', { authorization: 'Bearer ', 'x-gitlab-token': '' }],
    ['a short signature', { 'x-hub-signature-256': `sha256=${sign('').slice(0, 62)}` }],
    ['a SHA-1', { 'x-hub-signature': `sha1=${'a'.repeat(40)}` }],
    ['no hexadecimal', { 'x-gitea-signature': 'z'.repeat(64) }],
    ['a signature without its prefix', { 'x-hub-signature-256': sign('') }],
    ['a date alone', { 'webhook-id': 'a', 'webhook-timestamp': '1700000000' }],
  ])('is not %s', (_what, headers) => {
    expect(examine(headers, [SECRET], NOW).kind).toBe('refused');
  });
});

describe('a dated signature', () => {
  const TOKEN = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
  const signed = (atMs: number, key = '0123456789abcdef0123456789abcdef') => {
    const time = String(Math.round(atMs / 1000));
    const signature = createHmac('sha256', key).update(`id.${time}.body`).digest('base64');
    return { 'webhook-id': 'id', 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
  };

  it('holds for five minutes, before and after', () => {
    for (const offset of [0, TOLERANCE_MS, -TOLERANCE_MS]) {
      expect(prove(signed(NOW + offset), 'body', [TOKEN])).toBe('id-time-and-body');
    }
    for (const offset of [TOLERANCE_MS + 1000, -TOLERANCE_MS - 1000]) {
      expect(prove(signed(NOW + offset), 'body', [TOKEN])).toContain('5 minutes');
    }
  });

  it('covers id and time', () => {
    const headers = signed(NOW);
    expect(prove({ ...headers, 'webhook-id': 'ie' }, 'body', [TOKEN])).toBeUndefined();
    expect(prove({ ...headers, 'webhook-timestamp': '1700000001' }, 'body', [TOKEN])).toBeUndefined();
  });

  it('may stand among others, and only so many are looked at', () => {
    const headers = signed(NOW);
    const right = headers['webhook-signature'];
    const wrong = `v1,${Buffer.alloc(32).toString('base64')}`;
    const list = (...entries: string[]) => ({ ...headers, 'webhook-signature': entries.join(' ') });
    expect(prove(list(wrong, 'v2,x', right), 'body', [TOKEN])).toBe('id-time-and-body');
    expect(prove(list(...Array<string>(1000).fill(wrong), right), 'body', [TOKEN])).toBeUndefined();
  });

  it('is not made with an empty key', () => {
    expect(prove(signed(NOW, ''), 'body', ['whsec_', `whsec_${'='.repeat(20)}`])).toBeUndefined();
  });
});
