import { describe, expect, it } from 'vitest';
import { expectLinear, pumped } from '../testing/linear.ts';
import { querySecrets, redactQuery, redactUrls, urlSecrets } from './url-secrets.ts';

const valuesIn = (text: string) => urlSecrets(text).map(({ value }) => value);

describe('urlSecrets', () => {
  it('finds passwords as they are written and as they are meant', () => {
    expect(valuesIn('see https://u:p%40s@h/ and http://a:b@c')).toEqual(['p@s', 'p%40s', 'b']);
  });

  it('takes a user name without password for a token; a short one may be a word as well', () => {
    expect(urlSecrets('https://ghp_0123456789abcdef@h/x')).toEqual([{ value: 'ghp_0123456789abcdef' }]);
    expect(valuesIn('https://ghp_0123456789abcdef:x-oauth-basic@h/x')).toContain('ghp_0123456789abcdef');
    expect(urlSecrets('https://t0k@h/x')).toEqual([{ value: 't0k', isWord: true }]);
    expect(redactUrls('https://ghp_0123456789abcdef@h/x and http://t0k:@h', 'X')).toBe(
      'https://X@h/x and http://X:@h',
    );
  });

  it('takes no user of ssh for a token, nor git, whom nobody need keep secret', () => {
    for (const url of ['https://git@h/x', 'ssh://deploy@h/x']) {
      expect(urlSecrets(url)).toEqual([]);
      expect(redactUrls(url, 'X')).toBe(url);
    }
  });

  it('finds a password that breaks its URL with a raw slash or a blank', () => {
    expect(valuesIn('https://u:pa/ss@h/x')).toEqual(['pa/ss']);
    expect(valuesIn('https://u:pa ss@h/x')).toEqual(['pa ss']);
    expect(redactUrls('x https://u:pa/ss@h/x', 'X')).toBe('x https://u:X@h/x');
  });

  it('does not take a port, an IPv6 address or a path for user info', () => {
    for (const url of [
      'https://h:8443/@scope/x',
      'http://[::1]:80/a@b',
      'https://h/a:b@c',
      'https://h:80?x@y',
    ]) {
      expect(valuesIn(url)).toEqual([]);
      expect(redactUrls(url, 'X')).toBe(url);
    }
  });

  it('finds nothing in scp-like addresses and paths', () => {
    expect(valuesIn('git@h:x /a/b@c')).toEqual([]);
  });

  it.each(['a://', 'a://b:c', 'a://b@', 'a', '://', ':', 'a://b:c@ ', 'https://h:8443/', 'a://b:12?'])(
    'is linear in a text of %s',
    (piece) => {
      const limit = { limitMs: 100 }; // each piece is an address, and most have a secret
      expectLinear(urlSecrets, pumped('', piece), limit);
      expectLinear((text: string) => redactUrls(text, 'X'), pumped('x ', piece), limit);
    },
  );
});

describe('the query of an address', () => {
  it('holds secrets in its values; a short one may be a word as well', () => {
    expect(querySecrets('https://h/x?token=hunter2hunter2&v=1&empty=')).toEqual([
      { value: 'hunter2hunter2' },
      { value: '1', isWord: true },
    ]);
    expect(querySecrets('no address')).toEqual([]);
  });

  it('is shown without its values', () => {
    expect(redactQuery('https://h/x?token=a&v=1#part', 'X')).toBe('https://h/x?token=X&v=X#part');
    expect(redactQuery('https://h/x', 'X')).toBe('https://h/x');
  });
});
