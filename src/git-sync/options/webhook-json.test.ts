import { describe, expect, it } from 'vitest';
import { parseWebhooks, WEBHOOK_SECRETS, webhooks } from './webhook-json.ts';

const parse = (value: unknown) => parseWebhooks(JSON.stringify(value));
const url = 'https://hooks.example/services/T0K3N-of-the-hook';

describe('a webhook', () => {
  it('needs nothing but its address', () => {
    expect(parse({ url })).toEqual([
      {
        url,
        method: 'POST',
        headers: {},
        timeoutMs: 10_000,
        backoffMs: 3000,
        body: 'json',
        signatureHeader: 'X-Hub-Signature-256',
      },
    ]);
    expect(parse([{ url }, { url }])).toHaveLength(2);
    expect(parseWebhooks(' ')).toEqual([]);
  });

  it('may have all that it is proved and told by', () => {
    const headers = { 'X-Env': 'production' };
    const all = {
      name: 'deploys',
      url,
      method: 'put',
      headers,
      'success-status': 0,
      timeout: '1m30s',
      backoff: '1s',
      body: 'none',
      username: 'u',
      'password-file': '/p',
      'secret-file': '/s',
      'signature-header': 'X-Signature',
    };
    expect(parse(all)).toMatchObject([
      {
        name: 'deploys',
        method: 'PUT',
        headers,
        successStatus: 0,
        timeoutMs: 90_000,
        backoffMs: 1000,
        body: 'none',
        username: 'u',
        passwordFile: '/p',
        secretFile: '/s',
        signatureHeader: 'X-Signature',
      },
    ]);
  });

  it.each([
    [{}, 'url must be given'],
    [{ url: 'ftp://x' }, 'must begin with http'],
    [{ url: 5 }, 'url must be a string'],
    [{ url, urls: 1 }, 'unknown field "urls"'],
    [{ url, __proto__x: 1 }, 'unknown field'],
    [{ url, timeout: '1ms' }, 'timeout must be at least 1s'],
    [{ url, timeout: '10' }, 'timeout must be a number with a unit'],
    [{ url, method: 'GET / HTTP/1.1\r\nX: y' }, 'method must be a word'],
    [{ url, headers: ['a'] }, 'headers must be an object'],
    [{ url, headers: { 'A\r\nB': 'c' } }, 'a name that cannot be set'],
    [{ url, headers: { Host: 'elsewhere' } }, 'a name that cannot be set: "Host"'],
    [{ url, headers: { A: 'b\r\nC: d' } }, 'no header can have: that of A'],
    [{ url, headers: { A: 1 } }, 'no header can have: that of A'],
    [{ url, headers: { a: 'b', A: 'c' } }, 'one twice'],
    [{ url, 'success-status': 99 }, 'success-status must be'],
    [{ url, body: 'xml' }, 'body must be json or none'],
    [{ url, username: 'u' }, 'must be given together'],
    [{ url, username: 'u', 'password-file': '/p', 'bearer-file': '/b' }, 'only one of'],
    [{ url: 'https://u:p@x/', headers: { authorization: 'Bearer x' } }, 'only one of'],
    [{ url, 'signature-header': 'Content-Length' }, 'must be the name of a header'],
    ['x', 'must be a JSON object'],
    [[null], 'must be a JSON object'],
    [Array.from({ length: 51 }, () => ({ url })), 'more than 50'],
  ])('is refused for %j', (value, why) => {
    expect(() => parse(value)).toThrow(why);
  });

  it.each(['{', 'null x', `[${'['.repeat(100_000)}`, `{"url":"${url}"`])(
    'is refused for %.20j, without its text',
    (text) => {
      expect(() => parseWebhooks(text)).toThrow(/^not a JSON object or list$/);
      expect(WEBHOOK_SECRETS.show(text)).toBe('REDACTED');
    },
  );
});

describe('what is secret of a webhook', () => {
  const text = JSON.stringify({ url, headers: { 'X-Token': 'a-token-in-a-header', 'X-Env': 'test' } });

  it('is the path of its address and the values of its headers', () => {
    const found = WEBHOOK_SECRETS.find(text);
    expect(found).toContainEqual({ value: 'T0K3N-of-the-hook' });
    expect(found).toContainEqual({ value: 'a-token-in-a-header' });
    expect(found).toContainEqual({ value: 'test', isWord: true });
  });

  it('is not shown', () => {
    for (const shown of [WEBHOOK_SECRETS.show(text), webhooks.format(parseWebhooks(text))]) {
      expect(shown).toContain('https://hooks.example/REDACTED');
      expect(shown).toContain('"X-Token":"REDACTED"');
      expect(shown).not.toMatch(/T0K3N|a-token/);
    }
  });
});
