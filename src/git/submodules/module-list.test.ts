import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGitlink, parseModules, planModules } from './module-list.ts';

const HASH = 'a'.repeat(40);
const listing = (...items: [key: string, value: string | undefined][]) =>
  items.map(([key, value]) => `${key}${value === undefined ? '' : `\n${value}`}\0`).join('');

describe('.gitmodules', () => {
  it('gives one entry per name, the last value of a key counts, and names may hold dots and slashes', () => {
    const text = listing(
      ['submodule.a.b/c.path', 'old'],
      ['submodule.a.b/c.path', 'lib/x'],
      ['submodule.a.b/c.url', '../x.git'],
      ['core.pager', 'evil'],
    );
    expect(parseModules(text)).toEqual([
      { name: 'a.b/c', path: 'lib/x', url: '../x.git', isSkipped: false, isShallow: false },
    ]);
  });

  it.each(['/etc', '../x', 'a/../b', 'a//b', '.git/hooks', 'x/.GIT', ''])('ignores the path %j', (path) => {
    expect(parseModules(listing(['submodule.s.path', path], ['submodule.s.url', 'u']))).toEqual([]);
  });

  it('knows update=none and every way to write shallow=true', () => {
    const entry = (key: string, value: string | undefined) =>
      parseModules(listing(['submodule.s.path', 's'], [`submodule.s.${key}`, value]))[0];
    expect(entry('update', 'none')?.isSkipped).toBe(true);
    expect(entry('update', '!touch /tmp/x')?.isSkipped).toBe(false);
    expect(['true', 'YES', '1', undefined].map((value) => entry('shallow', value)?.isShallow)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(entry('shallow', 'false')?.isShallow).toBe(false);
  });

  it('is read without a crash whatever it holds', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseModules(text))));
  });
});

describe('a line of git ls-tree', () => {
  it.each([
    [`160000 commit ${HASH}\tlib/a\nb`, { commit: HASH, path: 'lib/a\nb' }],
    [`160000 commit ${'b'.repeat(64)}\tc`, { commit: 'b'.repeat(64), path: 'c' }],
    [`040000 tree ${HASH}\tlib`, undefined],
    ['160000 commit xyz\tbad', undefined],
    ['', undefined],
  ])('%j is %j', (line, link) => {
    expect(parseGitlink(line)).toEqual(link);
  });
});

describe('the plan', () => {
  const entry = { name: 's', path: 'lib', url: '../s.git', isSkipped: false, isShallow: false };
  const links = [{ path: 'lib', commit: HASH }];
  const parent = 'https://h.example/a/b.git';

  it('resolves addresses against the parent', () => {
    expect(planModules(links, [entry], parent, new Map()).wanted).toEqual([
      { name: 's', path: 'lib', commit: HASH, url: 'https://h.example/a/s.git', isShallow: false },
    ]);
  });

  it("prefers the user's own address for a name", () => {
    const plan = planModules(links, [entry], parent, new Map([['s', '/srv/s']]));
    expect(plan.wanted[0]?.url).toBe('/srv/s');
  });

  it('lists what has no usable address', () => {
    for (const url of [undefined, '', '--upload-pack=x', 'https://h/a\nb', '../../../../x']) {
      const plan = planModules(links, [{ ...entry, url }], parent, new Map());
      expect(plan).toEqual({ wanted: [], skipped: [], withoutUrl: ['lib'] });
    }
    expect(planModules(links, [], parent, new Map()).withoutUrl).toEqual(['lib']);
  });

  it('leaves alone what its author wants left alone', () => {
    const plan = planModules(links, [{ ...entry, isSkipped: true, url: undefined }], parent, new Map());
    expect(plan).toEqual({ wanted: [], skipped: ['lib'], withoutUrl: [] });
  });
});
