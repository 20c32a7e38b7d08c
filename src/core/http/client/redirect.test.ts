import { describe, expect, it } from 'vitest';
import { type Hop, nextHop } from './redirect.ts';

const SECRETS = { Authorization: 'Bearer t', cookie: 'a=b' };

function post(url: string): Hop {
  const headers = { ...SECRETS, 'Content-Type': 'text/plain', 'Gitsync-Hash': 'abc' };
  return { method: 'POST', url: new URL(url), headers, body: 'data', trusted: true };
}

function follow(from: Hop, status: number, location: string | undefined): Hop | undefined {
  return nextHop(from, from.url, { status, location });
}

describe('a redirect', () => {
  it.each([301, 302, 303])('with status %d turns POST into GET without a body', (status) => {
    const next = follow(post('http://a.test/x'), status, '/y');
    expect(next).toMatchObject({ method: 'GET', headers: { ...SECRETS, 'Gitsync-Hash': 'abc' } });
    expect(next?.url.href).toBe('http://a.test/y');
    expect(next?.body).toBeUndefined();
    expect(next?.headers).not.toHaveProperty('Content-Type');
  });

  it.each([307, 308])('with status %d keeps method and body', (status) => {
    const next = follow(post('http://a.test/x'), status, 'y?z=1');
    expect(next).toMatchObject({ method: 'POST', body: 'data', headers: { 'Content-Type': 'text/plain' } });
    expect(next?.url.href).toBe('http://a.test/y?z=1');
  });

  it('leaves HEAD a HEAD', () => {
    expect(follow({ ...post('http://a.test'), method: 'HEAD' }, 303, '/y')?.method).toBe('HEAD');
  });

  it('is only a status of this list that has a Location', () => {
    for (const status of [200, 201, 300, 304, 305, 306, 400]) {
      expect(follow(post('http://a.test'), status, '/y')).toBeUndefined();
    }
    expect(follow(post('http://a.test'), 302, undefined)).toBeUndefined();
    expect(follow(post('http://a.test'), 302, '')).toBeUndefined();
  });

  it.each([
    ['http://a.test/x', 'http://a.test:8080/y'],
    ['http://a.test/x', 'https://a.test/y'],
    ['http://a.test/x', 'http://sub.a.test/y'],
  ])('from %s to %s keeps Authorization and Cookie', (from, to) => {
    expect(follow(post(from), 307, to)?.headers).toMatchObject(SECRETS);
  });

  it.each([
    ['http://a.test/x', 'http://b.test/y'],
    ['http://a.test/x', 'http://xa.test/y'],
    ['http://sub.a.test/x', 'http://a.test/y'],
    ['http://10.0.0.1/x', 'http://10.0.0.2/y'],
    ['https://a.test/x', 'http://a.test/y'],
  ])('from %s to %s drops Authorization and Cookie', (from, to) => {
    const next = follow(post(from), 307, to);
    expect(next?.headers).toEqual({ 'Content-Type': 'text/plain', 'Gitsync-Hash': 'abc' });
  });

  it('does not bring dropped credentials back on the way home', () => {
    const start = post('http://a.test/');
    const away = follow(start, 307, 'http://b.test/');
    const home = away && nextHop(away, start.url, { status: 307, location: 'http://a.test/' });
    expect(home?.headers).not.toHaveProperty('Authorization');
  });

  it('keeps user info of the URL for the same host only', () => {
    const from = post('https://u:p%40@a.test/');
    expect(follow(from, 307, '/y')?.url.href).toBe('https://u:p%40@a.test/y');
    expect(follow(from, 307, 'https://a.test/y')?.url.href).toBe('https://u:p%40@a.test/y');
    expect(follow(from, 307, 'https://v:q@a.test/y')?.url.href).toBe('https://v:q@a.test/y');
    expect(follow(from, 307, 'https://b.test/y')?.url.href).toBe('https://b.test/y');
    expect(follow(from, 307, 'https://sub.a.test/y')?.url.href).toBe('https://sub.a.test/y');
    expect(follow(from, 307, 'http://a.test/y')?.url.href).toBe('http://a.test/y');
  });

  it('reads letters beyond ASCII as UTF-8', () => {
    const onTheWire = Buffer.from('/ä').toString('latin1');
    expect(follow(post('http://a.test'), 302, onTheWire)?.url.pathname).toBe('/%C3%A4');
  });

  it.each(['ftp://a.test/', 'file:///etc/passwd', 'http://', 'http://[', 'data:text/plain,x'])(
    'to %s fails without saying where it was',
    (location) => {
      expect(() => follow(post('http://a.test/secret'), 302, location)).toThrow(
        expect.objectContaining({
          code: 'http_failed',
          message: expect.not.stringContaining('secret'),
          facts: expect.objectContaining({ reason: 'redirects' }),
        }),
      );
    },
  );
});
