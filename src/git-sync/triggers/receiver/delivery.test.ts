import { describe, expect, it } from 'vitest';
import {
  DELIVERED_AT,
  DELIVERY_SECRET,
  deliveryNames,
  recordedDelivery,
  SIGNING_TOKEN,
} from '../../../../test/support/deliveries.ts';
import type { Follow } from '../../sync/spec.ts';
import { readDelivery, type Source } from './delivery.ts';
import { examine } from './proof.ts';
import { judgePush } from './wanted.ts';

const ref = (name: string): Follow => ({ kind: 'ref', ref: name });
const branch = (name: string, rev = 'HEAD'): Follow => ({ kind: 'branch', branch: name, rev });

/** What each recorded delivery is; for pushes, addresses and refs that it concerns, and others. */
interface Expected {
  readonly source: Source;
  readonly kind?: 'ping' | 'other';
  readonly repos?: readonly string[];
  readonly follows?: readonly Follow[];
  readonly others?: readonly Follow[];
  readonly after?: string;
}

const HELLO = [
  'https://github.com/Codertocat/Hello-World.git',
  'https://github.com/codertocat/hello-world',
  'git@github.com:Codertocat/Hello-World.git',
  'ssh://git@ssh.github.com:443/Codertocat/Hello-World.git',
];
const DIASPORA = [
  'https://example.com/mike/diaspora.git',
  'http://example.com/mike/diaspora/',
  'git@example.com:mike/diaspora.git',
  'ssh://git@example.com:2222/mike/diaspora',
];
const MASTER = [ref('master'), ref('HEAD'), ref('refs/heads/master'), ref('heads/master'), branch('master')];
const NOT_MASTER = [
  ref('main'),
  ref('refs/tags/master'),
  ref('maste'),
  branch('main'),
  branch('master', 'v1.0'),
];
const DEVELOP = { follows: [ref('develop'), branch('develop')], others: [ref('HEAD'), ref('master')] };

const EXPECTED: Readonly<Record<string, Expected>> = {
  'github-push': {
    source: 'github',
    repos: HELLO,
    follows: [...MASTER, branch('master', '9fb03799')],
    others: NOT_MASTER,
    after: '9fb037999f264ba9a7fc6274d15fa3ae2ab98312',
  },
  'github-push-form': { source: 'github', repos: HELLO, follows: MASTER, others: NOT_MASTER },
  'github-push-tag': {
    source: 'github',
    repos: HELLO,
    follows: [ref('v1.0'), ref('refs/tags/v1.0'), branch('master', 'v1.0'), ref('tags:v1*')],
    others: [ref('HEAD'), ref('semver:*'), ref('tags:v2*'), ref('refs/heads/v1.0'), branch('v1.0')],
  },
  'github-push-deletes': { source: 'github', repos: HELLO, follows: [], others: MASTER },
  'github-ping': { source: 'github', kind: 'ping' },
  'github-issues': { source: 'github', kind: 'other' },
  'gitlab-push': { source: 'gitlab', repos: DIASPORA, follows: MASTER, others: NOT_MASTER },
  'gitlab-push-signed': { source: 'gitlab', repos: DIASPORA, follows: MASTER, others: NOT_MASTER },
  'gitlab-push-system': { source: 'gitlab', repos: DIASPORA, follows: MASTER, others: NOT_MASTER },
  'gitlab-push-tag': {
    source: 'gitlab',
    repos: DIASPORA,
    follows: [ref('v1.0.0'), ref('semver:^1')],
    others: [ref('HEAD'), ref('semver:^2')],
  },
  'gitlab-system-other': { source: 'gitlab', kind: 'other' },
  'gitea-push': {
    source: 'gitea',
    repos: ['http://git.example:3000/gitea/webhooks.git', 'git@git.example:gitea/webhooks.git'],
    ...DEVELOP,
  },
  'forgejo-push': { source: 'gitea', repos: ['https://codeberg.example/gitea/webhooks.git'], ...DEVELOP },
  'bitbucket-cloud-push': {
    source: 'bitbucket',
    repos: ['https://x@bitbucket.org/jsmith/test-repo.git', 'git@bitbucket.org:jsmith/test-repo.git'],
    follows: [ref('main'), ref('HEAD')],
    others: [ref('master')],
    after: '709d658dc5b6d6afcd46049c2f332ee3f515a67d',
  },
  'bitbucket-cloud-push-tag': {
    source: 'bitbucket',
    repos: ['https://bitbucket.org/jsmith/test-repo'],
    follows: [ref('v2')],
    others: [ref('gone'), ref('refs/heads/v2')],
  },
  'bitbucket-server-push': {
    source: 'bitbucket',
    repos: [
      'https://git.example/scm/PROJ/repository.git',
      'https://git.example/context/scm/proj/repository.git',
      'ssh://git@git.example:7999/proj/repository.git',
    ],
    follows: MASTER,
    others: [ref('main')],
    after: '178864a7d521b6f5e720b386b2c2b0ef8563e0dc',
  },
  'bitbucket-server-ping': { source: 'bitbucket', kind: 'ping' },
  'azure-devops-push': {
    source: 'azure-devops',
    repos: [
      'https://dev.azure.com/fabrikam-fiber-inc/Fabrikam%20Fiber/_git/Fabrikam-Fiber-Git',
      'git@ssh.dev.azure.com:v3/fabrikam-fiber-inc/Fabrikam%20Fiber/Fabrikam-Fiber-Git',
      'https://fabrikam-fiber-inc.visualstudio.com/DefaultCollection/Fabrikam%20Fiber/_git/Fabrikam-Fiber-Git',
      'https://fabrikam-fiber-inc.visualstudio.com/Fabrikam%20Fiber/_git/Fabrikam-Fiber-Git',
      'fabrikam-fiber-inc@vs-ssh.visualstudio.com:v3/fabrikam-fiber-inc/Fabrikam%20Fiber/Fabrikam-Fiber-Git',
    ],
    follows: MASTER,
    others: [ref('main')],
    after: '33b55f7cb7e7e245323987634f960cf4a6e6bc74',
  },
  'azure-devops-pull-request': { source: 'azure-devops', kind: 'other' },
};

const read = (name: string) => {
  const { headers, body } = recordedDelivery(name);
  return readDelivery(headers, { bytes: body, isWhole: true });
};

const pushes = Object.entries(EXPECTED).filter(([, { kind }]) => kind === undefined);

it('every recorded delivery is expected', () => {
  expect(deliveryNames().toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

describe('a recorded delivery', () => {
  it.each(deliveryNames())('%s is proved by one secret of several, and by no other', (name) => {
    const { headers, body } = recordedDelivery(name);
    const isProved = (secrets: readonly string[]) => {
      const proof = examine(headers, secrets, DELIVERED_AT);
      if (proof.kind !== 'pending') {
        return proof.kind === 'proven';
      }
      proof.take(body);
      return proof.end() !== undefined;
    };
    expect(isProved(['another-secret-of-length', SIGNING_TOKEN, DELIVERY_SECRET])).toBe(true);
    expect(
      isProved(['another-secret-of-length', `${DELIVERY_SECRET}.`, `${SIGNING_TOKEN.slice(0, -4)}AAA=`]),
    ).toBe(false);
  });

  it.each(Object.entries(EXPECTED))('%s is taken for what it is', (name, { source, kind = 'push' }) => {
    const delivery = read(name);
    expect([delivery.source, delivery.event.kind]).toEqual([source, kind]);
    expect(delivery.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(pushes)('%s concerns its repository, however that is written', (name, expected) => {
    const { event } = read(name);
    for (const repo of expected.repos ?? []) {
      const other = `${repo.replace(/\.git$/, '')}s.git`;
      for (const follow of expected.follows ?? []) {
        expect(event.kind === 'push' && judgePush(event, { repo, follow }), repo).toMatchObject({
          wanted: true,
          ...(expected.after === undefined ? {} : { change: { after: expected.after } }),
        });
        expect(event.kind === 'push' && judgePush(event, { repo: other, follow })).toMatchObject({
          wanted: false,
        });
      }
    }
  });

  it.each(pushes)('%s concerns nobody who follows another ref', (name, { repos = [], others = [] }) => {
    const { event } = read(name);
    const pinned = [
      ref('9fb037999f264ba9a7fc6274d15fa3ae2ab98312'),
      ref('9FB037999F264BA9A7FC6274D15FA3AE2AB98312'),
    ];
    for (const follow of [...others, ...pinned]) {
      const judged = event.kind === 'push' && judgePush(event, { repo: repos[0] ?? '', follow });
      expect(judged, JSON.stringify(follow)).toMatchObject({ wanted: false, why: expect.any(String) });
    }
  });
});

describe('a body that is no delivery', () => {
  const of = (headers: Record<string, string>, text: string, isWhole = true) =>
    readDelivery(headers, { bytes: Buffer.from(text), isWhole }).event;

  it.each(['', 'no JSON', '{"ref":', '[]x'])('is told where a push was announced: %j', (text) => {
    expect(of({ 'x-github-event': 'push' }, text)).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    'null',
    '[]',
    '7',
    '"ref"',
    '{"ref":7}',
    '{"ref":""}',
    `{"ref":"${'r'.repeat(3000)}"}`,
    '{"__proto__":{"ref":"refs/heads/main"}}',
    '{"constructor":{"ref":"refs/heads/main"}}',
  ])('is no push: %j', (text) => {
    expect(of({ 'x-github-event': 'push' }, text)).toMatchObject({ kind: 'other' });
    expect(of({ 'x-gitlab-event': 'Push Hook' }, text)).toMatchObject({ kind: 'other' });
    expect(of({ 'x-event-key': 'repo:push' }, text)).toMatchObject({ kind: 'other' });
  });

  it.each(['', 'any text', '{"some":"json"}', '['.repeat(60_000)])(
    'is a request for a sync where nobody has announced anything: %.20j',
    (text) => {
      expect(of({}, text)).toEqual({ kind: 'request' });
    },
  );

  it('is read in proportion to its length, however deep it is', () => {
    const deep = `{"ref":"refs/heads/main","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect(of({ 'x-github-event': 'push' }, deep)).toMatchObject({ kind: 'push' });
    const many = `{"ref":"refs/heads/main","repository":{},"a":[${'{},'.repeat(20_000)}{}]}`;
    expect(of({ 'x-github-event': 'push' }, many)).toMatchObject({ kind: 'push', addresses: [] });
  });

  it('that was too long to be kept is a push where one was announced', () => {
    expect(of({ 'x-github-event': 'push' }, '{', false)).toEqual({ kind: 'unread-push' });
    expect(of({ 'x-github-event': 'ping' }, '{', false)).toEqual({ kind: 'ping' });
    expect(of({}, '{', false)).toEqual({ kind: 'request' });
  });
});
