import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareInTree, type Entry } from './entry.ts';
import { formatEntry, LineFault, parseEntry } from './format.ts';

const byte = fc
  .integer({ min: 1, max: 255 })
  .filter((code) => code !== 0x2f)
  .map((code) => String.fromCharCode(code));
const name = fc
  .string({ unit: byte, minLength: 1, maxLength: 20 })
  .filter((text) => text !== '.' && text !== '..')
  // As long as 255 characters of four bytes are.
  .map((text) => (text.length > 18 ? text.padEnd(1020, 'x') : text));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const common = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 0xff_ff_ff_fe }),
  gid: fc.integer({ min: 0, max: 0xff_ff_ff_fe }),
  // Seconds are 64 bits, and not every file system clamps them.
  mtimeNs: fc.bigInt({ min: -(2n ** 63n) * 10n ** 9n, max: 2n ** 63n * 10n ** 9n - 1n }),
};
const sha256 = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789abcdef')),
  minLength: 64,
  maxLength: 64,
});
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('directory' as const), ...common }),
  fc.record({ type: fc.constant('directory' as const), isChanging: fc.constant(true), ...common }),
  fc
    .record({
      type: fc.constant('file' as const),
      ...common,
      size: fc.maxSafeNat(),
      sha256: maybe(sha256),
      links: maybe(fc.maxSafeNat()),
      identity: maybe(
        fc.record({
          inode: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          ctimeNs: common.mtimeNs,
          isRecent: fc.boolean(),
        }),
      ),
    })
    .map((file) => ({ ...file, isChanging: file.sha256 === undefined })),
  fc.record({ type: fc.constant('symlink' as const), ...common, target: path }),
);

const FILE = './a type=file mode=0644 uid=0 gid=0 time=1.000000000 size=3 tags=changing';

describe('a line of a manifest', () => {
  it('is one line of ASCII, and gives the entry back exactly', () => {
    fc.assert(
      fc.property(entry, (value) => {
        const line = formatEntry(value);
        expect(line).toMatch(/^[!-~]+( [!-~]+)*$/);
        expect(parseEntry(line)).toEqual(value);
      }),
    );
  });

  it('of the volume itself is a directory', () => {
    const line = '. type=dir mode=01777 uid=1000 gid=2000 time=-1.500000000';
    const root = parseEntry(line);
    expect(root).toEqual({
      path: '',
      type: 'directory',
      mode: 0o1777,
      uid: 1000,
      gid: 2000,
      mtimeNs: -500_000_000n,
    });
    expect(formatEntry(root)).toBe(line);
  });

  it.each([
    ['a way out', './../a type=dir mode=0755 uid=0 gid=0 time=1.000000000'],
    ['a way out in the middle', './a/../../b type=dir mode=0755 uid=0 gid=0 time=1.000000000'],
    ['an escaped way out', String.raw`./a/\056\056/b type=dir mode=0755 uid=0 gid=0 time=1.000000000`],
    ['an absolute path', '/etc/passwd type=file mode=0755 uid=0 gid=0 time=1.000000000 size=1'],
    ['an empty part', './a//b type=dir mode=0755 uid=0 gid=0 time=1.000000000'],
    ['an absolute path behind the dot', './/etc type=dir mode=0755 uid=0 gid=0 time=1.000000000'],
    ['a NUL', String.raw`./a\000b type=dir mode=0755 uid=0 gid=0 time=1.000000000`],
    ['a name too long', `./${'a'.repeat(1021)} type=dir mode=0755 uid=0 gid=0 time=1.000000000`],
    ['a volume that is a file', '. type=file mode=0755 uid=0 gid=0 time=1.000000000 size=1'],
    ['a volume that is a link', '. type=link mode=0755 uid=0 gid=0 time=1.000000000 link=/etc'],
    ['a device', './a type=char mode=0755 uid=0 gid=0 time=1.000000000'],
    ['the user that means no change', './a type=dir mode=0755 uid=4294967295 gid=0 time=1.000000000'],
    ['a negative user', './a type=dir mode=0755 uid=-1 gid=0 time=1.000000000'],
    ['a size beyond all', FILE.replace('size=3', 'size=9007199254740993')],
    ['a negative size', FILE.replace('size=3', 'size=-3')],
    ['no size', FILE.replace(' size=3', '')],
    ['a keyword twice', `${FILE} size=4`],
    ['a hash that is none', FILE.replace('tags=changing', 'sha256=abc')],
    ['no hash', FILE.replace(' tags=changing', '')],
    ['a tag that is not known', FILE.replace('changing', 'changing,suid')],
    ['a mode of more than twelve bits', FILE.replace('0644', '017777')],
    ['no mode', FILE.replace(' mode=0644', '')],
    ['a link to nothing', './a type=link mode=0755 uid=0 gid=0 time=1.000000000 link='],
    ['a link with a NUL', String.raw`./a type=link mode=0755 uid=0 gid=0 time=1.000000000 link=a\000`],
    ['an escape that is none', FILE.replace('./a', String.raw`./a\9`)],
    ['nothing', ''],
  ])('is refused with %s', (_, line) => {
    expect(() => parseEntry(line)).toThrow(LineFault);
  });
});

describe('the order of a manifest', () => {
  it('has a directory, then what is in it, before what its name is the beginning of', () => {
    const sorted = ['', 'a', 'a/b', 'a/b/c', 'a/c', 'a b', 'a.b', 'a/'.concat('\xff').slice(2), 'b'];
    expect(sorted.toSorted(compareInTree).slice(0, 7)).toEqual([
      '',
      'a',
      'a/b',
      'a/b/c',
      'a/c',
      'a b',
      'a.b',
    ]);
  });

  it('is that of the parts compared one by one', () => {
    const byParts = (a: string, b: string): number => {
      const [one, other] = [a.split('/'), b.split('/')];
      const at = one.findIndex((part, index) => part !== other[index]);
      if (at === -1) {
        return one.length - other.length;
      }
      return other[at] === undefined ? 1 : (one[at] ?? '') < other[at] ? -1 : 1;
    };
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(compareInTree(a, b))).toBe(Math.sign(byParts(a, b)));
      }),
    );
  });
});
