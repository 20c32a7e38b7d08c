/** Bodies of reviews as fast-check makes them: what an API server sends, with something hostile in it or done to it. */
import fc from 'fast-check';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { ASKS, askingPod } from './pods.ts';

const KEYS = [
  ...new Set(ASKS.flatMap((ask) => Object.keys(ask))),
  'pillion.dev/injected',
  'pillion.dev/pod-resources',
  'pillion.dev/git-sync.perod',
  'pillion.dev/git-sync.containers',
  'pillion.dev/label.',
  'pillion.dev/.',
  'pillion.dev/',
  '__proto__',
  'constructor',
  'toString',
];

const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 60 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom(
    'git-sync',
    'label',
    'a=label, b=label',
    'none',
    'git-snyc',
    '$(HOME)',
    '${repo}',
    'a\nb: c',
    '"]},"x":[{"',
    '`id`; rm -rf /',
    '../../etc/passwd',
    '\ud800',
    '{"version":"1","instances":{"git-sync":{"profile":"git-sync","hash":"0"}}}',
    'x'.repeat(70_000),
  ),
);

/** A pod that could be injected, with keys and values of somebody who means no good. */
const hostilePod = fc
  .tuple(askingPod, fc.dictionary(fc.constantFrom(...KEYS), text, { maxKeys: 4 }), fc.boolean())
  .map(([pod, annotations, isOwn]) => {
    const metadata = pod['metadata'] as { readonly annotations: object };
    return {
      ...pod,
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...(isOwn && annotations) } },
    };
  });

/** Any JSON in one of the places that are looked at. */
const brokenPod = fc
  .tuple(
    askingPod,
    fc.constantFrom('metadata', 'spec', 'containers', 'initContainers', 'volumes', 'annotations', 'labels'),
    fc.jsonValue({ maxDepth: 3 }),
  )
  .map(([pod, place, value]) => {
    const { metadata, spec } = pod as { readonly metadata: object; readonly spec: object };
    if (place === 'metadata' || place === 'spec') {
      return { ...pod, [place]: value };
    }
    return place === 'annotations' || place === 'labels'
      ? { ...pod, metadata: { ...metadata, [place]: value } }
      : { ...pod, spec: { ...spec, [place]: value } };
  });

const request = fc.record(
  {
    uid: fc.oneof(
      { weight: 20, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
    ),
    namespace: fc.oneof(fc.constantFrom('shop', 'kube-system'), text),
    operation: fc.oneof({ weight: 10, arbitrary: fc.constant('CREATE') }, { weight: 1, arbitrary: text }),
    subResource: fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text }),
    dryRun: fc.oneof(fc.boolean(), fc.jsonValue({ maxDepth: 0 })),
    userInfo: fc.jsonValue({ maxDepth: 2 }),
    object: fc.oneof(
      { weight: 4, arbitrary: askingPod },
      { weight: 4, arbitrary: hostilePod },
      { weight: 4, arbitrary: brokenPod },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
    ),
  },
  { requiredKeys: ['uid', 'namespace', 'operation', 'object'] },
);

const review = fc
  .tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('admission.k8s.io/v1', 'admission.k8s.io/v1beta1') },
      { weight: 1, arbitrary: text },
    ),
    fc.oneof({ weight: 20, arbitrary: fc.constant('AdmissionReview') }, { weight: 1, arbitrary: text }),
    request,
  )
  .map(([apiVersion, kind, asked]) => JSON.stringify({ apiVersion, kind, request: asked }));

const DEEP = 50_000;
/** What is done to the text of a review. */
const damage: fc.Arbitrary<(body: string, at: number) => string> = fc.constantFrom(
  (body) => body,
  (body) => body,
  (body) => body,
  (body: string, at: number) => body.slice(0, at),
  (body: string, at: number) => `${body.slice(0, at)}\u0000${body.slice(at)}`,
  (body: string, at: number) => `${body.slice(0, at)}${body.slice(at + 1)}`,
  (body) => `\ufeff${body}`,
  (body) => `${body}${body}`,
  // Twice the same key: the last one counts for everybody who reads JSON as Go and Node do.
  (body) => body.replace('"request":{', '"request":{"uid":"first","object":{},'),
  (body) =>
    body.replace('"object":{', '"object":{"metadata":{"annotations":{"pillion.dev/inject":"label"}},'),
  (body) => body.replace('"annotations":{', '"annotations":{"__proto__":{"pillion.dev/inject":"label"},'),
  (body) => body.replace('"spec":{', '"spec":{"__proto__":[],"constructor":{"prototype":{"polluted":true}},'),
  (body) => body.replace('"object":', `"deep":${'['.repeat(DEEP)}${']'.repeat(DEEP)},"object":`),
  (body) => body.replace('"object":{', `"object":{"deep":${'{"a":'.repeat(400)}1${'}'.repeat(400)},`),
  (body) => body.replace('"object":', '"object":1e999,"other":'),
  (body) => body.replaceAll('"name"', '"\\u006eame"'),
);

/** A body, damaged or not. */
export const hostileReview: fc.Arbitrary<string> = fc
  .tuple(review, damage, fc.nat())
  .map(([body, damaged, at]) => damaged(body, at % (body.length + 1)));

/** How a body is sent. */
export const SENDERS = ['whole', 'pieces', 'cut', 'slow'] as const;
export type Sender = (typeof SENDERS)[number];

export const sender: fc.Arbitrary<Sender> = fc.oneof(
  { weight: 600, arbitrary: fc.constant<Sender>('whole') },
  { weight: 100, arbitrary: fc.constant<Sender>('pieces') },
  { weight: 100, arbitrary: fc.constant<Sender>('cut') },
  // A second each.
  { weight: 2, arbitrary: fc.constant<Sender>('slow') },
);
