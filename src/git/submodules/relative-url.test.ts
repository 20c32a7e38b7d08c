import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveSubmoduleUrl } from './relative-url.ts';

/** Made by `git submodule init` of git 2.39.5 for each parent and address; undefined where git leaves the server or fails. */
const BY_GIT: readonly (readonly [parent: string, url: string, expected: string | undefined])[] = [
  ['https://h.example/a/b.git', '../c.git', 'https://h.example/a/c.git'],
  ['https://h.example/a/b.git', './c.git', 'https://h.example/a/b.git/c.git'],
  ['https://h.example/a/b.git', '../../c.git', 'https://h.example/c.git'],
  ['https://h.example/a/b.git', '../../../c', undefined],
  ['https://h.example/a/b.git', '../c/', 'https://h.example/a/c'],
  ['https://h.example/a/b.git', '../', 'https://h.example/a/'],
  ['https://h.example/a/b.git', './', 'https://h.example/a/b.git/'],
  ['https://h.example/a/b.git', '../.././c', 'https://h.example/c'],
  ['https://h.example/a/b.git', 'https://o.example/c', 'https://o.example/c'],
  ['https://h.example/a/b.git', '/c', '/c'],
  ['https://h.example/a/b.git', 'c', 'c'],
  ['https://h.example/a/b.git/', '../c.git', 'https://h.example/a/c.git'],
  ['https://h.example', '../c.git', undefined],
  ['https://h.example', './c.git', 'https://h.example/c.git'],
  ['ssh://git@h.example/a/b', '../c', 'ssh://git@h.example/a/c'],
  ['ssh://git@h.example/a/b', '../../c', 'ssh://git@h.example/c'],
  ['git@h.example:a/b.git', '../c.git', 'git@h.example:a/c.git'],
  ['git@h.example:a/b.git', './c.git', 'git@h.example:a/b.git/c.git'],
  ['git@h.example:a/b.git', '../../c.git', 'git@h.example:c.git'],
  ['git@h.example:a/b.git', '../../../c', undefined],
  ['git@h.example:b.git', '../c.git', 'git@h.example:c.git'],
  ['h.example:/a/b', '../c.git', 'h.example:/a/c.git'],
  ['h.example:/a/b', '../../c.git', 'h.example:/c.git'],
  ['/srv/a/b', '../c.git', '/srv/a/c.git'],
  ['/srv/a/b', '../../../c', '/c'],
  ['/srv/a/b', '../../../../../c', undefined],
  ['file:///srv/a/b', '../c.git', 'file:///srv/a/c.git'],
  ['x/y', '../c.git', 'x/c.git'],
  ['x/y', './c.git', 'x/y/c.git'],
  ['../x/y', '../c.git', '../x/c.git'],
  ['../x/y', '../../c.git', '../c.git'],
  ['../x/y', '../../../c', undefined],
];

describe('the address of a submodule', () => {
  it.each(BY_GIT)('below %s, %s is %s', (parent, url, expected) => {
    expect(resolveSubmoduleUrl(parent, url)).toBe(expected);
  });

  it('never leads to another server when it is relative', () => {
    const step = fc.constantFrom('../', './');
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 9 }), fc.string(), (steps, tail) => {
        const url = resolveSubmoduleUrl('https://h.example/a/b/c.git', steps.join('') + tail);
        expect(url === undefined || url.startsWith('https://h.example/')).toBe(true);
      }),
    );
  });
});
