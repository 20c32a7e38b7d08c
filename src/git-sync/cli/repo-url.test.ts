import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactUrls, urlSecrets } from '../../core/options/url-secrets.ts';
import { defaultLinkName, splitUrl } from './repo-url.ts';

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
        expect(urlSecrets(url).map(({ value }) => value)).toContain(password);
        expect(redactUrls(url, 'X')).toBe(`https://${encodeURIComponent(user)}:X@host/path`);
      }),
    );
  });
});

describe('defaultLinkName', () => {
  it.each([
    ['https://h/x/y.git', 'y.git'],
    ['https://h/x/y/', 'y'],
    ['git@h:foo', 'git@h:foo'],
    ['git@h:foo/bar.git', 'bar.git'],
    ['/srv/repo', 'repo'],
    ['https://u:secret@h', 'h'],
    ['/', ''],
  ])('takes the last part of %s', (repo, leaf) => {
    expect(defaultLinkName(repo)).toBe(leaf);
  });
});
