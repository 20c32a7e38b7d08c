/** Pods that are refused, by the engine and by a policy, each with the reason and words of the message. */
import type { JsonMap } from '../../kubernetes/json.ts';
import type { Reason } from '../engine/decision.ts';
import { REPO } from './decide.ts';

/** Annotations with which nobody can have anything. */
export const BAD_ANNOTATIONS: readonly (readonly [annotations: JsonMap, reason: Reason, words: string])[] = [
  [{ 'pillion.dev/inject': 'git-snyc' }, 'unknown-profile', 'did you mean git-sync?'],
  [{ 'pillion.dev/inject': 'git sync' }, 'bad-ask', 'must be a list such as git-sync, cron'],
  [
    { 'pillion.dev/inject': 'label, label' },
    'bad-ask',
    'asks for label twice: name them, as in a=label, b=label',
  ],
  [{ 'pillion.dev/inject': '1=label' }, 'bad-ask', 'begins with a letter'],
  [{ 'pillion.dev/inject': 'none=label' }, 'bad-ask', 'none'],
  [{ 'pillion.dev/inject': 'a=b=c' }, 'bad-ask', 'must be a list'],
  [{ 'pillion.dev/inject': 'label\n' }, 'bad-ask', '"label?" must be a list'],
  [
    { 'pillion.dev/inject': 'a=label,b=label,c=label,d=label,e=label,f=label,g=label,h=label,i=label' },
    'bad-ask',
    'at most 8',
  ],
  [{ 'pillion.dev/inject': 'git-sync' }, 'missing-parameter', 'pillion.dev/git-sync.repo is missing'],
  [
    { ...REPO, 'pillion.dev/git-sync.perod': '5s' },
    'unknown-parameter',
    'did you mean pillion.dev/git-sync.period?',
  ],
  [{ ...REPO, 'pillion.dev/cron.file': 'x' }, 'unknown-parameter', 'belongs to no parameter'],
  [
    { ...REPO, 'pillion.dev/git-sync.period': '5' },
    'bad-value',
    '.period: "5" must be a duration from 1s to 24h',
  ],
  [{ ...REPO, 'pillion.dev/git-sync.period': '25h' }, 'bad-value', 'from 1s to 24h'],
  [{ ...REPO, 'pillion.dev/git-sync.period': '' }, 'bad-value', 'not empty'],
  [
    { ...REPO, 'pillion.dev/git-sync.auth': 'shs' },
    'bad-value',
    'must be one of https, ssh; did you mean ssh?',
  ],
  [{ ...REPO, 'pillion.dev/git-sync.mount': 'data' }, 'bad-value', 'must be an absolute path'],
  [{ ...REPO, 'pillion.dev/git-sync.mount': '/a/../b' }, 'bad-value', 'without .. or //'],
  [{ ...REPO, 'pillion.dev/git-sync.mount': '/proc/x' }, 'bad-value', 'must not be below /proc'],
  [{ ...REPO, 'pillion.dev/git-sync.ref': '--upload-pack=x' }, 'bad-value', 'must match'],
  [{ ...REPO, 'pillion.dev/git-sync.depth': '0' }, 'bad-value', 'a whole number from 1 to'],
  [{ ...REPO, 'pillion.dev/git-sync.memory': '1Ki' }, 'bad-value', 'a quantity from 64Mi to 4Gi'],
  [{ ...REPO, 'pillion.dev/git-sync.port': '80' }, 'bad-value', 'a port from 1024'],
  [{ ...REPO, 'pillion.dev/git-sync.secret': 'A_B' }, 'bad-value', 'the name of an object'],
  [{ ...REPO, 'pillion.dev/git-sync.repo': 'file:///etc' }, 'bad-value', 'must be an address with https://'],
  [{ ...REPO, 'pillion.dev/git-sync.containers': 'wbe' }, 'unknown-container', 'did you mean web?'],
];

/** Two things that want one place: annotations and spec of the pod. */
export const CLASHES: readonly (readonly [
  annotations: JsonMap,
  spec: JsonMap,
  reason: Reason,
  words: string,
])[] = [
  [
    REPO,
    { containers: [{ name: 'web', ports: [{ containerPort: 9740 }] }] },
    'port-clash',
    'git-sync: port 9740 is taken by the container web; set pillion.dev/git-sync.port',
  ],
  [
    REPO,
    {
      initContainers: [{ name: 'first', ports: [{ containerPort: 9740, protocol: 'UDP' }] }],
      containers: ['second', 'third'].map((name) => ({ name, ports: [{ containerPort: 9740 }] })),
    },
    'port-clash',
    'git-sync: port 9740 is taken by the container second; set pillion.dev/git-sync.port',
  ],
  [
    REPO,
    { containers: [{ name: 'web', volumeMounts: [{ name: 'data', mountPath: '/git/' }] }] },
    'mount-clash',
    'git-sync: /git of the container web is taken by the volume data; set pillion.dev/git-sync.mount',
  ],
  [REPO, { containers: [{ name: 'pillion-git-sync' }] }, 'name-clash', 'a container pillion-git-sync'],
  [REPO, { initContainers: [{ name: 'pillion-git-sync' }] }, 'name-clash', 'a container pillion-git-sync'],
  [REPO, { volumes: [{ name: 'pillion-git-sync' }] }, 'volume-clash', 'a volume pillion-git-sync'],
  [
    {
      'pillion.dev/inject': 'a=git-sync, a-tmp=git-sync',
      'pillion.dev/a.repo': 'https://h/x',
      'pillion.dev/a-tmp.repo': 'https://h/x',
      'pillion.dev/a.mount': '/a',
    },
    {},
    'name-clash',
    'a-tmp and a both make the volume pillion-a-tmp',
  ],
];
