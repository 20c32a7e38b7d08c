import { expect, it } from 'vitest';
import { gitSettings } from '../testing/settings.ts';
import { hostsAskedWithPaths } from './path-hosts.ts';

const repo = 'https://a.example/main';
const login = (url: string) => ({ url, username: 'u', password: 'p' });

it.each([
  ['none', {}, []],
  ['one', { credentials: [login(repo)] }, []],
  ['one each of two', { credentials: [login(repo), login('https://b.example/x')] }, []],
  [
    'two of one host',
    { credentials: [login(repo), login('https://a.example/lib'), login('https://b.example/x')] },
    ['https://a.example'],
  ],
  ['two of different ports', { credentials: [login(repo), login('https://a.example:8443/lib')] }, []],
  [
    'a password and a program',
    {
      credentials: [login(repo)],
      commandCredentials: [{ url: 'https://a.example/lib', command: ['/c'] as const }],
    },
    ['https://a.example'],
  ],
  [
    'a password and an askpass URL',
    { credentials: [login('https://a.example/lib')], askpassUrl: 'http://x' },
    ['https://a.example'],
  ],
  [
    'an identity that signs',
    { identityCredentials: [{ url: 'https://c.example', identity: 'aws' as const }] },
    ['https://c.example'],
  ],
  [
    'an identity with a token',
    { identityCredentials: [{ url: 'https://c.example', identity: 'azure' as const }] },
    [],
  ],
  ['no URLs', { credentials: [login('git@host:a'), login('git@host:b')] }, []],
])('with %s git says the path of %j', (_what, parts, hosts) => {
  expect(hostsAskedWithPaths(gitSettings({ repo, ...parts }))).toEqual(hosts);
});
