import { describe, expect, it } from 'vitest';
import { findCredential, questionFor, questionInScope } from './match.ts';

const credential = (url: string, username = 'me', password = 'pw') => ({ url, username, password });

describe('what is asked of the credentials', () => {
  it.each([
    ['https://host/a/b', { protocol: 'https', host: 'host' }],
    ['https://host:8443/a', { protocol: 'https', host: 'host:8443' }],
    ['https://HOST/a', { protocol: 'https', host: 'host' }],
    ['https://me@host/a', { protocol: 'https', host: 'host', username: 'me' }],
    ['https://m%40e@host/a', { protocol: 'https', host: 'host', username: 'm@e' }],
    ['http://[::1]:80/a', { protocol: 'http', host: '[::1]' }],
  ])('of %s is %j', (url, question) => {
    expect(questionFor(url)).toEqual(question);
  });

  it.each(['git@host:path', '', '/path', 'https://'])('is nothing for what is no URL: %j', (url) => {
    expect(questionFor(url)).toBeUndefined();
  });

  it('is nothing for a user name that cannot be decoded', () => {
    expect(questionFor('https://%zz@host/')).toBeUndefined();
  });
});

describe('the credential that answers', () => {
  const known = [
    credential('https://host/some/path', 'first'),
    credential('https://host/other', 'second'),
    credential('http://host/', 'plain'),
    credential('https://host:8443/', 'port'),
    credential('no url', 'none'),
  ];
  it.each([
    [{ protocol: 'https', host: 'host' }, 'first'],
    [{ protocol: 'https', host: 'host', username: 'second' }, 'second'],
    [{ protocol: 'http', host: 'host' }, 'plain'],
    [{ protocol: 'https', host: 'host:8443' }, 'port'],
    [{ protocol: 'https', host: 'host', username: 'nobody' }, undefined],
    [{ protocol: 'https', host: 'evil-host' }, undefined],
    [{ protocol: 'https', host: 'host.evil' }, undefined],
    [{ protocol: 'ssh', host: 'host' }, undefined],
  ])('to %j is that of %s: protocol, host, port and user count, the path never', (question, username) => {
    expect(findCredential(known, question, 'host')?.username).toBe(username);
  });
});

describe('of several credentials for a host, in its scope,', () => {
  const known = [
    credential('https://host/main', 'main'),
    credential('https://host/team/', 'team'),
    credential('https://host/team/lib.git', 'token', 'lib'),
    credential('https://host/other.git', 'token', 'other'),
  ];
  const answer = (url: string, all = known) => {
    const question = questionInScope(url, 'host');
    const found = question && findCredential(all, question, 'host');
    return found && `${found.username} ${found.password}`;
  };

  it.each([
    ['https://host/main', 'main pw'],
    ['https://host/team/app', 'team pw'],
    ['https://host/team/lib', 'token lib'],
    ['https://host/team/lib-two', 'team pw'],
    ['https://host/other', 'token other'],
    ['https://token@host/team/lib.git', 'token lib'],
    // None is nearer: the first, and of the same user the last, as with git.
    ['https://host/elsewhere', 'main pw'],
    ['https://token@host/elsewhere', 'token other'],
    ['https://host/team/../elsewhere', 'main pw'],
    ['https://host/%ff', 'main pw'],
    ['https://second/main', undefined],
  ])('%s is answered by %s', (url, found) => {
    expect(answer(url)).toBe(found);
  });

  it('the nearest counts wherever it stands, and the first of those that are as near', () => {
    expect(answer('https://host/team/lib', known.toReversed())).toBe('token lib');
    const same = [credential('https://host/a', 'one'), credential('https://host/a', 'two')];
    expect(answer('https://host/a', same)).toBe('one pw');
  });
});

describe('a credential in the scope of its repository', () => {
  const known = [
    credential('https://host/team/site.git', 'site'),
    credential('https://host/team/lib', 'lib'),
  ];
  it.each([
    ['https://host/team/site.git', 'site'],
    ['https://host/team/site', 'site'],
    ['https://host/team/site.git/info/lfs', 'site'],
    ['https://host/team/lib.git/', 'lib'],
    ['https://host/t%65am/site.git', 'site'],
    ['https://host/team/site-two', undefined],
    ['https://host/team/site.git/%2e%2e/secret.git', undefined],
    ['https://host/team/%ff', undefined],
    ['https://host/team', undefined],
    ['https://host/other/secret.git', undefined],
    ['https://host/', undefined],
  ])('answers for %s: %s', (url, username) => {
    const question = questionInScope(url, 'repository');
    expect(question && findCredential(known, question, 'repository')?.username).toBe(username);
  });

  it('is not reached by a path that leads up from it', () => {
    const question = { protocol: 'https', host: 'host', path: 'team/site.git/../secret.git' };
    expect(findCredential(known, question, 'repository')).toBeUndefined();
  });

  it('of a whole host answers for all of it', () => {
    const whole = [credential('https://host/', 'whole')];
    expect(
      findCredential(whole, { protocol: 'https', host: 'host', path: 'any/thing' }, 'repository')?.username,
    ).toBe('whole');
  });
});
