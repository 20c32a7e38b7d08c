import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { anyCharacter } from '../../core/testing/any-character.ts';
import { startProcessorTimer } from '../../core/testing/linear.ts';
import { runsOf } from '../testing/runs.ts';
import { ALLOW_IMAGE_OPTION, allowedImages } from './allowed.ts';

const HEX = 'ab'.repeat(32);
const DIGEST = `sha256:${HEX}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;

/** entry -> references that it allows, and references that it does not. */
const TABLE: readonly (readonly [entry: string, allowed: readonly string[], refused: readonly string[]])[] = [
  [
    'registry.example',
    [
      'registry.example/a',
      'registry.example/a/b:1',
      `registry.example/a@${DIGEST}`,
      `registry.example/a:1@${DIGEST}`,
    ],
    [
      'registry.example',
      'registry.example:1',
      'registry.example/',
      'registry.example//a',
      'registry.example.evil/a',
      'evil.registry.example/a',
      'registryxexample/a',
      'registry.example:5000/a',
      'registry.example@evil/a',
      'evil/registry.example/a',
      'Registry.Example/a',
      'registry.example/A',
      'registry.example/a/../b',
      'registry.example/a b',
      'registry.example/a\n',
      '\nregistry.example/a',
      ' registry.example/a',
      'https://registry.example/a',
      'registry.example/a:',
      'registry.example/a@',
      'registry.example/a@sha256:ab',
      `registry.example/a@${DIGEST}:1`,
      `registry.example/a@md5:${HEX}`,
      'registry.example/a?x=1',
      'registry.example/a#b',
      'registry.example/a\u0000',
      'registry.example/\u0430',
      'registry\u3002example/a',
    ],
  ],
  ['registry.example/', ['registry.example/a'], ['registry.example', 'registry.example.evil/a']],
  ['registry.example:5000', ['registry.example:5000/a'], ['registry.example/a', 'registry.example:50001/a']],
  ['localhost:5000', ['localhost:5000/a'], ['localhost/a', 'localhost:5000']],
  ['localhost', ['localhost/a'], ['localhost', 'localhost:5000/a']],
  ['registry:5000/', ['registry:5000/a'], ['registry:5000', 'registry:5000.evil/a']],
  [
    'registry.example/a/b',
    ['registry.example/a/b', 'registry.example/a/b/c:1', 'registry.example/a/b:1'],
    ['registry.example/a/bc', 'registry.example/a', 'registry.example/a/c', 'registry.example/x/a/b', 'a/b'],
  ],
  ['registry.example/a/b/', ['registry.example/a/b/c'], ['registry.example/a/b', 'registry.example/a/bc']],
  [
    'registry.example/a:1.2',
    ['registry.example/a:1.2'],
    [
      'registry.example/a:1x2',
      'registry.example/a:1.23',
      'registry.example/a',
      'registry.example/a/b:1.2',
      // The digest decides what runs, whatever the tag says.
      `registry.example/a:1.2@${DIGEST}`,
    ],
  ],
  [
    'registry.example/a:latest',
    ['registry.example/a:latest', 'registry.example/a'],
    ['registry.example/a:late'],
  ],
  [
    `registry.example/a@${DIGEST}`,
    [`registry.example/a@${DIGEST}`, `registry.example/a:any@${DIGEST}`],
    [`registry.example/a@${OTHER}`, `registry.example/a/b@${DIGEST}`, 'registry.example/a', `a@${DIGEST}`],
  ],
  [
    `@${DIGEST}`,
    [`registry.example/a:1@${DIGEST}`, `nginx@${DIGEST}`, `h:1/a/b@${DIGEST}`],
    [`nginx@${OTHER}`, 'nginx', `a.b_c/d@${DIGEST}`, `@${DIGEST}`, DIGEST, `nginx@${DIGEST}@${DIGEST}`],
  ],
  [
    'registry.example/a@digest',
    [`registry.example/a/b:1@${DIGEST}`, `registry.example/a@sha512:${HEX}${HEX}`],
    ['registry.example/a:1', 'registry.example/a@digest', `registry.example/ab@${DIGEST}`],
  ],
  ['registry.example@digest', [`registry.example/a@${DIGEST}`], ['registry.example/a:1']],
  [
    'nginx',
    [
      'nginx',
      'nginx:1.25',
      'library/nginx',
      'docker.io/nginx',
      'docker.io/library/nginx:1',
      'index.docker.io/nginx',
      'index.docker.io/library/nginx',
    ],
    ['nginxx', 'nginx/x', 'evil/nginx', 'docker.io/evil/nginx', 'registry.example/nginx', 'xdocker.io/nginx'],
  ],
  ['docker.io/nginx', ['nginx', 'docker.io/library/nginx'], ['docker.io/nginx/x', 'nginx/x']],
  ['docker.io/library/nginx/', ['library/nginx/x', 'docker.io/library/nginx/x'], ['nginx', 'nginx/x']],
  [
    'docker.io/library',
    ['nginx', 'library/nginx', 'docker.io/nginx:1', 'foo.bar:1'],
    ['bitnami/nginx', 'docker.io/bitnami/nginx', 'foo.bar/x', HEX, 'localhost/x', DIGEST, 'sha256:ab12'],
  ],
  ['docker.io/library:1', ['library:1', 'docker.io/library/library:1'], ['nginx:1', 'library']],
  [
    'bitnami/',
    ['bitnami/nginx', 'docker.io/bitnami/nginx:1'],
    ['bitnami', 'docker.io/bitnami', 'bitnami.evil/nginx', 'registry.example/bitnami/nginx'],
  ],
  ['docker.io/foo.bar/x', ['docker.io/foo.bar/x'], ['foo.bar/x']],
  ['docker.io/localhost/x', ['docker.io/localhost/x'], ['localhost/x']],
  [
    'docker.io',
    ['nginx', 'localhost', 'foo.bar', 'a/b/c:1', 'docker.io/a/b', 'docker.io/nginx', 'index.docker.io/a'],
    ['registry.example/a', 'localhost/a', 'registry:5000/a', HEX, 'a.b/c', DIGEST, `sha512:${HEX}${HEX}`],
  ],
  ['docker.io/library/sha256', ['docker.io/library/sha256:1', 'sha256'], [DIGEST, 'sha256:ab12']],
  [
    '[::1]:5000',
    ['[::1]:5000/a/b:1', `[::1]:5000/a@${DIGEST}`],
    ['[::1]/a', '::1:5000/a', '[::1]:5000', ':/a'],
  ],
  ['[fd00::1]/', ['[fd00::1]/a'], ['[fd00::2]/a', '[fd00::1]:5000/a', '[fd00::1].evil/a', 'f/a']],
  ['[fd00::1]:5000/team', ['[fd00::1]:5000/team/a'], ['[fd00::1]:5000/teams', '[fd00::1]/team']],
];

describe('an entry of the list of allowed images', () => {
  it.each(TABLE)('%s allows what it names, to the component', (entry, allowed, refused) => {
    expect(ALLOW_IMAGE_OPTION.check([entry])).toBeUndefined();
    const { allows } = allowedImages([entry]);
    expect(allowed.filter((reference) => !allows(reference))).toEqual([]);
    expect(refused.filter((reference) => allows(reference))).toEqual([]);
  });

  it.each([
    '',
    '/',
    '//',
    'a//b',
    'registry.example//',
    '/a',
    'A',
    'a:',
    'a@',
    '@',
    '@digest',
    '@sha256:ab',
    `@md5:${HEX}`,
    'a@sha256:*',
    'registry.example/*',
    '*',
    '.*',
    'a|b',
    '^a',
    'registry.example:99999999/a',
    `registry.example:1@${DIGEST}`,
    `registry.example@${DIGEST}`,
    `registry.example/a:1@${DIGEST}`,
    'registry.example/a:1/',
    'registry.example/a:1:2',
    'https://registry.example',
    'a b',
    ' a',
    'a\n',
    'é',
    DIGEST,
    'sha256:ab',
    'sha512:1',
    '[::1',
    '::1/',
    '[]/a',
    '[::1]a/b',
    'a/[::1]',
  ])('is refused where it says nothing that can be told: %j', (entry) => {
    expect(ALLOW_IMAGE_OPTION.check([entry])).toMatch(/must be a registry/);
    expect(ALLOW_IMAGE_OPTION.check(['nginx', entry])).toMatch(/must be a registry/);
  });

  it('may be one of several, also of a list with commas', () => {
    for (const values of [['nginx', 'registry.example'], ['nginx,registry.example']]) {
      const { allows, entries } = allowedImages(values);
      expect(entries).toEqual(['nginx', 'registry.example']);
      expect(['nginx', 'registry.example/a', 'other.example/a'].map(allows)).toEqual([true, true, false]);
    }
    expect(allowedImages([]).allows('anything')).toBe(true);
  });
});

/** The reference as Docker reads it (github.com/distribution/reference, `ParseNormalizedNamed`); undefined for none. */
function read(reference: string) {
  const match = /^([^@:]*(?::[0-9]+(?=\/))?[^@:]*)(?::([^@/:]+))?(?:@(.+))?$/s.exec(reference);
  // Identifiers of images, for containerd: whatever else names a digest is a reference.
  if (match === null || /^(?:[a-f0-9]{64}|sha(?:256|384|512):[^@]*)$/.test(reference)) {
    return undefined;
  }
  const [, name = '', tag, digest] = match;
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  const host = !isHost || first === 'index.docker.io' ? 'docker.io' : first;
  const rest = (isHost ? name.slice(slash + 1) : name).split('/');
  const path = host === 'docker.io' && rest.length === 1 ? ['library', ...rest] : rest;
  const isName = path.every((part) => /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  const isGood =
    isName &&
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$/.test(host) &&
    (tag === undefined || /^\w[\w.-]{0,127}$/.test(tag)) &&
    (digest === undefined || /^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/.test(digest));
  return isGood ? { host, path, tag, digest } : undefined;
}

const { numRuns, timeoutMs } = runsOf(1_000);
const word = fc.constantFrom('a', 'b', 'ab', 'a-b', 'a.b', 'a__b', 'library', 'localhost', 'nginx');
const path = fc.array(word, { minLength: 1, maxLength: 3 });
const host = fc.constantFrom(
  '',
  'docker.io/',
  'index.docker.io/',
  'registry.example/',
  'registry.example.evil/',
  'localhost/',
  'localhost:5000/',
  'a:1/',
);
const tag = fc.constantFrom('', ':1', ':1.0', ':latest');
const digest = fc.constantFrom('', `@${DIGEST}`, `@${OTHER}`);
const odd = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/', ':', '@', '.', '\n', ' ', 'A', '//', '..', '%2f', '\u0000', 'é'),
  },
);
/** An entry and a reference, often one that has much to do with it. */
const pair = fc
  .record({
    entry: fc.record({ host, path, sum: fc.constantFrom('', '@digest') }),
    other: fc.record({ host, path }),
    isSameHost: fc.boolean(),
    isBelow: fc.boolean(),
    end: fc.tuple(tag, digest, odd).map((parts) => parts.join('')),
    start: odd,
  })
  .map(({ entry, other, isSameHost, isBelow, start, end }) => {
    const parts = isBelow ? [...entry.path, ...other.path.slice(1)] : other.path;
    return { entry, text: `${start}${isSameHost ? entry.host : other.host}${parts.join('/')}${end}` };
  });

test(
  'a repository and a registry allow what Docker reads as theirs, whatever is written',
  () => {
    let allowed = 0;
    fc.assert(
      fc.property(pair, ({ entry: of, text }) => {
        const name = of.host + of.path.join('/');
        const wanted = read(name);
        if (wanted === undefined || (of.path.length === 1 && of.path[0] === 'library')) {
          return;
        }
        const { allows } = allowedImages([name + of.sum]);
        // A word with a dot in it alone is a registry, and not an image of the Hub.
        const isRegistry = of.host === '' && of.path.length === 1 && /\.|^localhost$/.test(name);
        const theirs = read(text);
        const isBelow = isRegistry
          ? theirs?.host === name
          : theirs?.host === wanted.host && wanted.path.every((part, at) => theirs.path[at] === part);
        const expected = isBelow && (of.sum === '' || theirs?.digest !== undefined);
        allowed += expected ? 1 : 0;
        expect(allows(text), `${name}${of.sum} of ${JSON.stringify(text)}`).toBe(expected);
      }),
      { numRuns, seed: 1 },
    );
    expect(allowed).toBeGreaterThan(numRuns / 20);
  },
  timeoutMs,
);

test(
  'no hostile text passes for an image of the list, however long it is',
  () => {
    const { allows } = allowedImages([
      'registry.example/team',
      'docker.io',
      `@${DIGEST}`,
      'quay.io/a@digest',
    ]);
    const text = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 80 }),
      fc.string({ maxLength: 600 }),
      fc
        .array(fc.constantFrom('registry.example', '/', 'team', ':', '@', DIGEST, 'a', '.', '-', '_', '\n'), {
          maxLength: 14,
        })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (hostile) => {
        if (allows(hostile)) {
          const theirs = read(hostile);
          const isOfTeam = theirs?.host === 'registry.example' && theirs.path[0] === 'team';
          expect(theirs?.host === 'docker.io' || isOfTeam || theirs?.digest === DIGEST).toBe(true);
        }
      }),
      { numRuns, examples: [[`${DIGEST}@${DIGEST}`], [DIGEST]] },
    );
    const elapsed = startProcessorTimer();
    for (const piece of ['a', 'a-', 'a.', 'a_', 'registry.example/team/', 'a/', '-', ':']) {
      expect(allows(piece.repeat(1 << 20))).toBe(false);
      expect(allows(`${piece.repeat(Math.floor(500 / piece.length))}!`)).toBe(false);
    }
    expect(elapsed()).toBeLessThan(1_000);
  },
  timeoutMs,
);
