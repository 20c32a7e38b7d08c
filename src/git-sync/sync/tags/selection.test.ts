/** Which tag of a remote is followed. */
import { describe, expect, it } from 'vitest';
import { expectLinear } from '../../../core/testing/linear.ts';
import { createAdvertisementReader, createLsRefsReader } from '../../../git/remote/ls-refs.ts';
import { encodePacket } from '../../../git/remote/pkt-line.ts';
import { isSelection, selectionProblem, selectionQuery } from './selection.ts';
import { compareNames, createPattern } from './version-order.ts';

const HASH = 'a'.repeat(40);
const PEELED = 'b'.repeat(40);

/** What is chosen of a list in protocol version 2. */
function chosen(ref: string, tags: readonly string[]): string | undefined {
  const query = selectionQuery(ref);
  const reader = createLsRefsReader(query);
  const lines = tags.map((tag) => encodePacket(`${HASH} refs/tags/${tag} peeled:${PEELED}\n`));
  reader.push(Buffer.from(`${lines.join('')}0000`));
  return query.pick(reader.finish())?.name;
}

describe('the tag that is followed', () => {
  it.each([
    ['semver:^1.2', ['v1.1.0', 'v1.10.0', 'v1.9.0', 'v2.0.0', 'v1.11.0-rc.1'], 'v1.10.0'],
    ['semver:*', ['latest', '1', 'v1', '0.1.0', 'x/9.0.0'], '0.1.0'],
    ['semver:*', ['v1.0.0', '1.0.0', '1.0.0+b', '1.0.0+a'], 'v1.0.0'],
    ['semver:*', ['1.0.0+a', '1.0.0+b', '1.0.0', 'v1.0.0'], 'v1.0.0'],
    ['semver:^3', ['v1.0.0', 'v2.0.0'], undefined],
    ['tags:release-*', ['release-9', 'release-10', 'release-10-rc1', 'other-99'], 'release-10'],
    ['tags:release-2*', ['release-2024-01', 'release-2024-01-2', 'release-2023-12-31'], 'release-2024-01-2'],
    ['tags:v1', ['v1', 'v10', 'av1'], 'v1'],
    ['tags:*', [], undefined],
  ])('by %s of %j is %j', (ref, tags, expected) => {
    const name = expected === undefined ? undefined : `refs/tags/${expected}`;
    expect(chosen(ref, tags)).toBe(name);
    expect(chosen(ref, tags.toReversed())).toBe(name);
  });

  it('is the same in the older protocol, where what it is peeled to follows', () => {
    const query = selectionQuery('semver:*');
    const reader = createAdvertisementReader(query);
    const refs = [
      'refs/heads/v9.0.0',
      'refs/tags/v1.0.0',
      'refs/tags/v2.0.0',
      'refs/tags/v2.0.0^{}',
      'refs/tags/v1.5.0',
      'refs/tags/v1.5.0^{}',
    ];
    const lines = refs.map((ref, index) =>
      encodePacket(`${ref.endsWith('^{}') ? PEELED : HASH} ${ref}${index === 0 ? '\0caps' : ''}\n`),
    );
    reader.push(Buffer.from(`${encodePacket('# service=git-upload-pack\n')}0000${lines.join('')}0000`));
    const advertised = reader.finish();
    expect(advertised.version === 0 && query.pick(advertised.refs)).toEqual({
      name: 'refs/tags/v2.0.0',
      hash: HASH,
      peeled: PEELED,
    });
  });

  it('is found in time that grows with the list, whatever is in it', () => {
    const list = (ref: string, tag: (index: number) => string) => {
      const make = (length: number) => {
        const lines: string[] = [];
        for (let size = 0; size < length; size += lines.at(-1)?.length ?? 0) {
          lines.push(encodePacket(`${HASH} refs/tags/${tag(lines.length)} peeled:${PEELED}\n`));
        }
        return Buffer.from(`${lines.join('')}0000`);
      };
      const run = (bytes: Buffer) => {
        const reader = createLsRefsReader(selectionQuery(ref));
        reader.push(bytes);
        return reader.finish();
      };
      expectLinear(run, make, { limitMs: 200 });
    };
    list('semver:*', (index) => `v1.${index}.0-a.b.c`);
    list('semver:>=1.0.0-0 || ^2 || ^3', (index) => `v1.0.0-${'0.'.repeat(100)}${index}`);
    list('tags:*a*a*a*a*b*', (index) => `${'a'.repeat(240)}${index}`);
    list('tags:*', (index) => `${'a'.repeat(60_000)}${index}`);
    list('tags:*', (index) => `${'1a'.repeat(100)}${index}`);
  });
});

describe('the rule of a --ref', () => {
  it.each([
    ['semver:^1.2', undefined],
    ['semver:*', undefined],
    ['semver:', 'range of versions'],
    ['semver:  ', 'range of versions'],
    ['semver:^1.2 ||', 'range of versions'],
    ['semver:latest', 'range of versions'],
    ['tags:release-*', undefined],
    ['tags:a/b*c', undefined],
    ['tags:', 'name of a tag'],
    ['tags:-x', 'name of a tag'],
    ['tags:a b', 'name of a tag'],
    ['tags:a^{}', 'name of a tag'],
    [`tags:${'a'.repeat(300)}`, 'name of a tag'],
  ])('%s: %s', (ref, problem) => {
    expect(isSelection(ref)).toBe(true);
    expect(selectionProblem(ref) ?? '').toContain(problem ?? '');
    expect(selectionProblem(ref) === undefined).toBe(problem === undefined);
  });

  it('has a pattern in which * stands for any text, and for no less than is there', () => {
    const matches = (pattern: string, name: string) => createPattern(pattern)(name);
    expect(matches('a*b*c', 'axxbyyc')).toBe(true);
    expect(matches('a*a', 'a')).toBe(false);
    expect(matches('a*bc*c', 'abc')).toBe(false);
    expect(matches('*', '')).toBe(true);
    expect(matches('a.c', 'abc')).toBe(false);
    expect(matches('r/*', 'r/a/b')).toBe(true);
  });

  it('takes numbers in names for numbers, and what is not final for older', () => {
    const sorted = [
      '1.0-alpha',
      '1.0-beta2',
      '1.0-rc1',
      '1.0',
      '1.0-1',
      '1.0.1',
      '1.2',
      '1.10',
      '01.11',
      'a',
    ];
    expect(sorted.toReversed().toSorted(compareNames)).toEqual(sorted);
  });
});
