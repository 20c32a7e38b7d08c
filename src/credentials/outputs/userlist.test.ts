import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadUserlist } from '../testing/pgbouncer-loader.ts';
import { looksHashed, mergeUserlist, quotedBytes, readUserlist } from './userlist.ts';

const LIMIT = 2047;
const merge = (former: string, username: string, password: string, marker?: string) => {
  const merged = mergeUserlist(Buffer.from(former), { username, password, marker }, LIMIT);
  return { ...merged, text: merged.content.toString() };
};
const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/[\0\n\r]/.test(text));
const lineOf = ([user, password]: readonly [string, string]) =>
  `"${user.replaceAll('"', '""')}" "${password.replaceAll('"', '""')}"\n`;

describe('the merge into a userlist', () => {
  it('replaces the line of its user and keeps the others, comments and the order', () => {
    const { text, brokenLines } = merge('; head\n"a" "1"\n"app" "old"\n\n"z" "2" note\n', 'app', 'new');
    expect(text).toBe('; head\n"a" "1"\n"app" "new"\n\n"z" "2" note\n');
    expect(brokenLines).toEqual([]);
  });

  it('adds a user to a file without a line end, and to none', () => {
    expect(merge('"a" "1"', 'app', 'x').text).toBe('"a" "1"\n"app" "x"\n');
    expect(merge('', 'app', 'x').text).toBe('"app" "x"\n');
  });

  it('leaves one line of a user that stood there twice', () => {
    expect(merge('"app" "1"\n"b" "2"\n"app" "3"\n', 'app', 'x').text).toBe('"app" "x"\n"b" "2"\n');
  });

  it('puts lines that disable everything after them to the end', () => {
    const { text, brokenLines } = merge('"a" "1"\n"torn" "to\n"b" "2"\nrubbish\n', 'app', 'x');
    expect(text).toBe('"a" "1"\n"b" "2"\n"app" "x"\n"torn" "to\nrubbish\n');
    expect(brokenLines).toEqual([2, 4]);
    expect(merge(text, 'app', 'x').text).toBe(text);
  });

  it('takes a foreign line that is too long for pgbouncer as broken', () => {
    const long = `"long" "${'x'.repeat(LIMIT + 1)}"\n`;
    const { content } = merge(`${long}"b" "2"\n`, 'app', 'x');
    expect([...loadUserlist(content).users]).toEqual([
      ['b', '2'],
      ['app', 'x'],
    ]);
  });

  it('removes lines of former users under the same marker, and only those', () => {
    const former = '"v-1" "a" pillion:orders\n"v-2" "b" pillion:other\n"c" "3"\n';
    expect(merge(former, 'v-9', 'x', 'orders').text).toBe(
      '"v-9" "x" pillion:orders\n"v-2" "b" pillion:other\n"c" "3"\n',
    );
  });

  it('keeps bytes of other entries that are not UTF-8', () => {
    const former = Buffer.from('"\xe9t\xe9" "\xff\xfe"\n', 'latin1');
    const { content } = mergeUserlist(former, { username: 'app', password: 'ü' }, LIMIT);
    expect(content.subarray(0, former.length)).toEqual(former);
    expect(content.subarray(former.length).toString()).toBe('"app" "ü"\n');
  });

  it('gives pgbouncer every former user and the new one, whatever their names', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word)), word, word, (others, user, password) => {
        const former = Buffer.from(others.map(lineOf).join(''));
        const { content, brokenLines } = mergeUserlist(former, { username: user, password }, LIMIT);
        const loaded = loadUserlist(content);
        expect(loaded.isBroken).toBe(false);
        expect(brokenLines).toEqual([]);
        expect(loaded.users).toEqual(new Map([...others, [user, password]]));
      }),
    );
  });

  it.each([
    ['as much as stands before a NUL', '"app" "old" "\0\n', ''],
    ['a password on the next line', '"app"\n"old"\n', '"old"\n'],
  ])('leaves no line of the user behind the new one, of which pgbouncer reads %s', (_, line, rest) => {
    const former = Buffer.from(`"b" "2"\n${line}`);
    const { content, brokenLines } = mergeUserlist(former, { username: 'app', password: 'new' }, LIMIT);
    expect(content.toString()).toBe(`"b" "2"\n"app" "new"\n${rest}`);
    expect(loadUserlist(content).users.get('app')).toBe('new');
    expect(brokenLines[0]).toBe(2);
  });

  it('loses no user that pgbouncer saw before, whatever the file holds, and is stable', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\u00a0',
        '"',
        '""',
        '" "',
        '\n',
        ';',
        ' ',
        '\0',
        '"a" "b"\n',
        '"a"',
        'app',
        '\r\n',
        '\t',
      ),
      word,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const former = Buffer.from(pieces.join(''));
        const entry = { username: 'app', password: 'p"w' };
        const { content } = mergeUserlist(former, entry, LIMIT);
        const { users } = loadUserlist(content);
        expect(users.get('app')).toBe('p"w');
        const before = loadUserlist(former);
        for (const user of before.users.keys()) {
          expect(before.spanning.has(user) || users.has(user)).toBe(true);
        }
        expect(mergeUserlist(content, entry, LIMIT).content).toEqual(content);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the users of a userlist', () => {
  it('are read as pgbouncer reads them, and what it cannot read is named by its line', () => {
    const { entries, brokenLines } = readUserlist(
      Buffer.from('; x\n"a""b" "1" y\nbad\n"ü" "SCRAM-SHA-256$x"'),
      LIMIT,
    );
    expect(entries).toEqual([
      { username: 'a"b', password: '1' },
      { username: 'ü', password: 'SCRAM-SHA-256$x' },
    ]);
    expect(brokenLines).toEqual([3]);
  });
});

describe('a password in a userlist', () => {
  it('counts for the limit as it is written, quotes twice', () => {
    expect(quotedBytes('a"b')).toBe(4);
    expect(quotedBytes('é')).toBe(2);
  });

  it('that looks like a hash is recognised', () => {
    expect(looksHashed(`md5${'0a'.repeat(16)}`)).toBe(true);
    expect(looksHashed('SCRAM-SHA-256$4096:x')).toBe(true);
    expect(looksHashed('md5 of nothing')).toBe(false);
  });
});
