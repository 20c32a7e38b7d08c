import { describe, expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const PROXY = 'http://proxy.test:3128';

function isProxied(url: string, noProxy: string): boolean {
  return proxyFor(new URL(url), { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: noProxy }) !== undefined;
}

// The answers were checked against Go's golang.org/x/net/http/httpproxy.
describe('NO_PROXY', () => {
  it.each([
    ['http://foo.com', '*'],
    ['http://foo.com', 'foo.com'],
    ['http://bar.foo.com', 'foo.com'],
    ['http://foo.com', ' other.org , FOO.com '],
    ['http://bar.foo.com', '.foo.com'],
    ['http://bar.foo.com', '*.foo.com'],
    ['http://foo.com', 'foo.com:80'],
    ['https://foo.com', 'foo.com:443'],
    ['http://foo.com:8080', 'foo.com:8080'],
    ['http://kubernetes.default.svc', '.svc'],
    ['http://bücher.example', 'bücher.example'],
    ['http://10.1.2.3', '10.0.0.0/8'],
    ['http://10.1.2.3', '10.1.2.3'],
    ['https://10.1.2.3:8443', '10.1.2.3:8443'],
    ['http://[fd00::5]', 'fd00::/8'],
    ['http://[fd00::5]', 'fd00:0::5'],
    ['https://[fd00::5]', '[fd00::5]:443'],
    ['http://[::ffff:10.1.2.3]', '10.0.0.0/8'],
  ])('exempts %s when it is "%s"', (url, noProxy) => {
    expect(isProxied(url, noProxy)).toBe(false);
  });

  it.each([
    ['http://foo.com', ''],
    ['http://xfoo.com', 'foo.com'],
    ['http://foo.com', '.foo.com'],
    ['http://foo.com', '*.foo.com'],
    ['http://foo.com', '*foo.com'],
    ['http://foo.com:8080', 'foo.com:80'],
    ['https://foo.com', ':443'],
    ['http://10.1.2.3', '10.1.2.'],
    ['http://10.1.2.3', '10.1.2.3/33'],
    ['http://10.1.2.3', '::/0'],
    ['http://10.1.2.3', '192.168.0.0/16,10.9.0.0/16'],
    ['http://10.1.2.3.foo.com', '10.0.0.0/8'],
    ['http://[fd00::5]', '[fd00::5]:443'],
  ])('leaves %s to the proxy when it is "%s"', (url, noProxy) => {
    expect(isProxied(url, noProxy)).toBe(true);
  });
});

describe('the proxy of a URL', () => {
  it.each(['localhost', 'LOCALHOST:99', '127.0.0.1', '127.9.9.9', '[::1]:80', '[::ffff:127.0.0.1]'])(
    'is never used for the loopback target %s',
    (host) => {
      expect(isProxied(`http://${host}/`, '')).toBe(false);
      expect(isProxied(`https://${host}/`, '')).toBe(false);
    },
  );

  it('is chosen by the scheme, and upper-case variables come first', () => {
    const env = { HTTP_PROXY: 'http://a', http_proxy: 'http://b', https_proxy: 'http://c', no_proxy: 'd' };
    expect(proxyFor(new URL('http://x'), env)?.host).toBe('a');
    expect(proxyFor(new URL('https://x'), env)?.host).toBe('c');
    expect(proxyFor(new URL('https://d'), env)).toBeUndefined();
    expect(proxyFor(new URL('https://x'), { HTTP_PROXY: 'http://a' })).toBeUndefined();
  });

  it('is not taken from HTTP_PROXY in a CGI program, where the visitor sets it', () => {
    const env = { HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' };
    expect(proxyFor(new URL('http://x'), env)).toBeUndefined();
    expect(proxyFor(new URL('http://x'), { ...env, http_proxy: 'http://good' })?.host).toBe('good');
  });

  it.each([
    ['proxy:3128', 'http://proxy:3128'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128'],
    ['user:pw@proxy:3128', 'http://proxy:3128'],
    ['https://proxy', 'https://proxy'],
  ])('may be written as %s', (value, origin) => {
    expect(proxyFor(new URL('http://x'), { http_proxy: value })?.origin).toBe(origin);
  });

  it('is refused with a hint when it is a SOCKS proxy', () => {
    expect(() => proxyFor(new URL('http://x'), { http_proxy: 'socks5://p:1080' })).toThrow(
      'proxies of the kind socks5:// are not supported',
    );
  });
});
