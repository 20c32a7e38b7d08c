import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafOf, redactUrls, splitUrl, urlSecrets } from './repo-url.ts';

describe('splitUrl', () => {
  it.each([
    ['https://h/x', undefined, 'https://h/x'],
    ['https://u@h/x', { user: 'u', password: undefined }, 'https://h/x'],
    ['https://u:@h/x', { user: 'u', password: '' }, 'https://h/x'],
    ['HTTPS://u:p%40s%2Fs@h:8443/x?a@b#c', { user: 'u', password: 'p@s/s' }, 'https://h:8443/x?a@b#c'],
    ['https://me@corp:p@h/x', { user: 'me@corp', password: 'p' }, 'https://h/x'],
    ['https://u:100%@h/x', { user: 'u', password: '100%' }, 'https://h/x'],
    ['ssh://git@h/x', { user: 'git', password: undefined }, 'ssh://h/x'],
  ])('cuts %s', (text, userInfo, bare) => {
    expect(splitUrl(text)).toMatchObject({ bare });
    expect(splitUrl(text)?.userInfo).toEqual(userInfo);
  });

  it.each(['git@h:x', '/a/b', '../x', 'file:x', ''])('takes %s for no URL', (text) => {
    expect(splitUrl(text)).toBeUndefined();
  });

  it('reads back any user and password, and leaves neither in the address', () => {
    const word = fc.stringMatching(/^[ -~]{1,20}$/);
    fc.assert(
      fc.property(word, word, (user, password) => {
        const url = `https://${encodeURIComponent(user)}:${encodeURIComponent(password)}@host/path`;
        expect(splitUrl(url)).toEqual({
          scheme: 'https',
          userInfo: { user, password },
          bare: 'https://host/path',
        });
        expect(urlSecrets(url)).toContain(password);
        expect(redactUrls(url, 'X')).toBe(`https://${encodeURIComponent(user)}:X@host/path`);
      }),
    );
  });
});

describe('urlSecrets', () => {
  it('finds passwords as they are written and as they are meant', () => {
    expect(urlSecrets('see https://u:p%40s@h/ and http://a:b@c')).toEqual(['p@s', 'p%40s', 'b']);
  });

  it('takes a long user name without password for a token, and a short one for a name', () => {
    expect(urlSecrets('https://ghp_0123456789abcdef@h/x')).toEqual(['ghp_0123456789abcdef']);
    expect(urlSecrets('https://ghp_0123456789abcdef:x-oauth-basic@h/x')).toContain('ghp_0123456789abcdef');
    expect(urlSecrets('https://git@h/x')).toEqual([]);
    expect(redactUrls('https://ghp_0123456789abcdef@h/x', 'X')).toBe('https://X@h/x');
  });

  it('finds a password that breaks its URL with a raw slash or a blank', () => {
    expect(urlSecrets('https://u:pa/ss@h/x')).toEqual(['pa/ss']);
    expect(urlSecrets('https://u:pa ss@h/x')).toEqual(['pa ss']);
    expect(redactUrls('x https://u:pa/ss@h/x', 'X')).toBe('x https://u:X@h/x');
  });

  it('does not take a port, an IPv6 address or a path for user info', () => {
    for (const url of [
      'https://h:8443/@scope/x',
      'http://[::1]:80/a@b',
      'https://h/a:b@c',
      'https://h:80?x@y',
    ]) {
      expect(urlSecrets(url)).toEqual([]);
      expect(redactUrls(url, 'X')).toBe(url);
    }
  });

  it('finds nothing in scp-like addresses and paths', () => {
    expect(urlSecrets('git@h:x /a/b@c')).toEqual([]);
  });
});

describe('leafOf', () => {
  it.each([
    ['https://h/x/y.git', 'y.git'],
    ['https://h/x/y/', 'y'],
    ['git@h:foo', 'git@h:foo'],
    ['git@h:foo/bar.git', 'bar.git'],
    ['/srv/repo', 'repo'],
    ['https://u:secret@h', 'h'],
    ['/', ''],
  ])('takes the last part of %s', (repo, leaf) => {
    expect(leafOf(repo)).toBe(leaf);
  });
});
