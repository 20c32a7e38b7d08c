import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPillionError } from '../../../core/errors.ts';
import { anyCharacter } from '../../../core/testing/any-character.ts';
import { GIT_ERRORS } from '../../../git/errors.ts';
import { BACKUP_OPTIONS } from '../../options/backup.ts';
import { RESTORE_OPTIONS } from '../../options/restore.ts';
import { separateCredential } from './access.ts';
import { createBatchReader } from './batch.ts';
import { commitHeader, place, quotePath } from './fast-import.ts';
import { parseTreeEntry } from './foreign-commit.ts';
import { commitAfter } from './forget.ts';
import { hasSecretName, isPrivateKey, maxFileBytes } from './guard.ts';
import { MAX_EARLIER, parseMessage, renderMessage } from './message.ts';
import { inOurWords, reasonOf, shortMessage } from './reason.ts';
import { stateFrom } from './state.ts';
import { treePath } from './tree-path.ts';

const DIGEST = 'ab'.repeat(32);
const ID = '12'.repeat(20);

describe('a path in the tree of git', () => {
  it.each([
    ['a/b c/ä', 'a/b c/ä'],
    ['.gitignore', '.gitignore'],
    ['.git', '%2Egit'],
    ['x/.GIT/y', 'x/%2EGIT/y'],
    ['.gitattributes', '%2Egitattributes'],
    ['.gitmodules', '%2Egitmodules'],
    ['.git ', '%2Egit '],
    ['.git::$INDEX_ALLOCATION', '%2Egit::$INDEX_ALLOCATION'],
    ['.g\xe2\x80\x8cit', '%2Eg\xe2\x80\x8cit'],
    ['\xe2\x80\x8c.git', '%E2\x80\x8c.git'],
    ['git~1', '%67it~1'],
    ['GITMOD~1', '%47ITMOD~1'],
    ['%2Egit', '%252Egit'],
    ['back\\slash', 'back%5Cslash'],
    ['gitlab', 'gitlab'],
  ])('%j is %j', (path, expected) => {
    expect(treePath(path)).toBe(expected);
  });

  it('is another one for another path, and none that git gives a meaning to', () => {
    const part = fc.oneof(
      fc.constantFrom('.git', '.GIT', '%2Egit', '%2EGIT', '%25', 'a', '.gitmodules', 'git~1', '\\'),
      fc.string({ minLength: 1, maxLength: 6 }).filter((text) => !/[/\0]/.test(text)),
    );
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(treePath(a) === treePath(b)).toBe(a === b);
        expect(treePath(a)).not.toMatch(/(^|\/)\.git(\/|$)|\\/i);
        expect(treePath(a).split('/')).toHaveLength(a.split('/').length);
      }),
    );
  });
});

describe('the language of fast-import', () => {
  it('quotes paths so that none can say anything else', () => {
    expect(quotePath('a "b"\\\n\xff')).toBe('"a \\042b\\042\\134\\012\\377"');
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        expect(quotePath(Buffer.from(text).toString('latin1'))).toMatch(/^"[^"\n]*"$/);
      }),
    );
    expect(place('100644', ID, 'a\nM b').toString()).toBe(`M 100644 ${ID} "a\\012M b"\n`);
  });

  it('has the message as so many bytes', () => {
    const header = { ref: 'refs/x', time: 5000, message: 'ä\n', parent: ID, isWhole: true };
    expect(commitHeader(header).toString()).toBe(
      `feature done\ncommit refs/x\ncommitter Pillion <pillion@localhost> 5 +0000\ndata 3\nä\n\nfrom ${ID}\ndeleteall\n`,
    );
  });
});

describe('the message of a commit', () => {
  const facts = { volume: 'data', time: 1000, files: 3, bytes: 10, digest: DIGEST, isPartial: true };

  it('says what the snapshot is, and which ones were before', () => {
    const earlier = [
      { id: ID, time: 5, files: 1, bytes: 2, isPartial: false },
      { id: 'ab'.repeat(32), time: 4, files: 1, bytes: 2, isPartial: true },
    ];
    expect(parseMessage(renderMessage({ ...facts, earlier }))).toEqual({ ...facts, earlier });
  });

  it('names a bounded number of those', () => {
    const earlier = Array.from({ length: 100 }, (_, time) => ({
      id: ID,
      time,
      files: 1,
      bytes: 1,
      isPartial: false,
    }));
    expect(parseMessage(renderMessage({ ...facts, earlier }))?.earlier).toHaveLength(MAX_EARLIER);
  });

  it.each([
    ['of somebody else', 'Initial commit\n'],
    ['of another version', renderMessage({ ...facts, earlier: [] }).replace('Version: 1', 'Version: 2')],
    ['without a digest', renderMessage({ ...facts, earlier: [] }).replace(/Pillion-Manifest.*\n/, '')],
  ])('is none when it is one %s', (_, text) => {
    expect(parseMessage(text)).toBeUndefined();
  });

  it('of another volume makes the branch unknown', () => {
    const tip = { id: ID, time: 0, facts: { ...facts, earlier: [] } };
    expect(stateFrom(tip, 'other', 'x')).toMatchObject({ kind: 'UNKNOWN' });
    expect(stateFrom(tip, 'data', 'x')).toMatchObject({ kind: 'HAS', snapshots: [{ id: ID, time: 1000 }] });
  });
});

describe('a commit behind another one', () => {
  const id = (digit: string) => digit.repeat(40);
  const facts = { volume: 'data', time: 5, files: 2, bytes: 3, digest: 'a'.repeat(64), isPartial: false };
  const signature = 'Pillion <pillion@localhost> 5 +0000';
  const text = (
    parents: readonly string[],
    earlier: readonly { readonly id: string; readonly time: number }[],
  ) =>
    [
      `tree ${id('1')}`,
      ...parents.map((parent) => `parent ${parent}`),
      `author ${signature}`,
      `committer ${signature}`,
      '',
      renderMessage({ ...facts, earlier }),
    ].join('\n');
  const named = (digit: string, time: number) => ({ id: id(digit), time, files: 0, bytes: 0 });

  it('has the same tree, people and facts, and another parent and other snapshots before it', () => {
    const before = text([id('2')], [named('2', 4), named('3', 3)]);
    expect(commitAfter(before, id('4'), [named('4', 3)])).toBe(text([id('4')], [named('4', 3)]));
    expect(commitAfter(before, undefined, [])).toBe(text([], []));
  });

  it('is made of none that somebody else has made', () => {
    expect(() => commitAfter(`tree ${id('1')}\nauthor ${signature}\n\nhello\n`, undefined, [])).toThrow(
      'none that Pillion has made',
    );
  });
});

describe('objects out of git', () => {
  it('are taken apart wherever the pipe cuts them', () => {
    const text = `${ID} blob 5\nab\ncd\n${ID} blob 0\n\n${ID} tree 1\nx\n`;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (size) => {
        const seen: string[] = [];
        const reader = createBatchReader({
          begin: (_, type, length) => seen.push(`${type} ${length}:`),
          content: (bytes) => seen.push(bytes.toString()),
          end: () => seen.push(';'),
        });
        for (let at = 0; at < text.length; at += size) {
          reader.push(Buffer.from(text.slice(at, at + size)));
        }
        reader.end();
        expect(seen.join('')).toBe('blob 5:ab\ncd;blob 0:;tree 1:x;');
      }),
    );
  });

  it.each([[`${ID} missing\n`], ['x'.repeat(2000)], [`${ID} blob 5\nab`]])(
    'that are not whole are refused: %j',
    (text) => {
      const reader = createBatchReader({ begin() {}, content() {}, end() {} });
      expect(() => {
        reader.push(Buffer.from(text));
        reader.end();
      }).toThrow(expect.objectContaining({ code: 'restore_failed' }));
    },
  );

  it('are listed with names of any bytes', () => {
    expect(parseTreeEntry(`100644 blob ${ID}      12\ta\tb\nc`)).toEqual({
      mode: '100644',
      object: ID,
      size: 12,
      path: 'a\tb\nc',
    });
  });
});

describe('what is not pushed', () => {
  it.each(['id_rsa', 'x/id_ed25519', '.env', '.env.production', 'tls.key', 'server.pem', '.netrc'])(
    'has a name like %s',
    (path) => expect(hasSecretName(path)).toBe(true),
  );
  it.each(['id_rsa.pub', 'env', 'keys.txt', 'monkey', '.envrc-docs/x', 'README'])('is not %s', (path) =>
    expect(hasSecretName(path)).toBe(false),
  );
  it('begins like a private key', () => {
    expect(isPrivateKey(Buffer.from('-----BEGIN PRIVATE KEY-----'))).toBe(true);
    expect(isPrivateKey(Buffer.from('-----BEGIN RSA PRIVATE KEY-----'))).toBe(true);
    expect(isPrivateKey(Buffer.from('-----BEGIN CERTIFICATE-----'))).toBe(false);
  });
  it('is larger than the server takes', () => {
    expect(maxFileBytes('ssh://git@github.com/a/b.git')).toBe(104_857_600);
    expect(maxFileBytes('https://github.com/a/b')).toBe(104_857_600);
    expect(maxFileBytes('https://git.example.com/github.com/x')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('why a repository is not known', () => {
  it('is in the words of git, without the command', () => {
    const message =
      'Run(git ls-remote -- x refs/heads/y): exit status 128: { stdout: "", stderr: "warning: x\\nssh: connect to host h port 1: Connection refused\\nfatal: Could not read from remote repository." }';
    expect(shortMessage({ code: 'git_failed', message })).toBe(
      'ssh: connect to host h port 1: Connection refused',
    );
    expect(shortMessage({ code: 'git_failed', message: 'plain' })).toBe('plain');
    expect(shortMessage({ code: 'sync_timeout', message })).toBe('git had no answer in time');
  });
  it('is a failure, for what is no error of ours', () => {
    expect(reasonOf(new Error('x'))).toEqual({ kind: 'failed', message: 'x', hint: undefined });
  });
});

describe.each(Object.values(GIT_ERRORS).map((error) => [error.code, error] as const))(
  'a failure of git, %s,',
  (code, error) => {
    const worded = inOurWords(error({ message: 'fatal: no' }));
    it('gets a code of these commands, since their references list no other', () => {
      expect(worded).toMatchObject({ code: code === 'disk_full' ? 'no_space' : 'repository_unknown' });
    });
    it('gets a hint that names only options of these commands', () => {
      const hint = reasonOf(error({ message: 'fatal: no' })).hint ?? '';
      const shown = (isPillionError(worded) && worded.hint) || '';
      for (const [, flag] of `${hint} ${shown}`.matchAll(/(?<![\w-])--([a-z-]*[a-z])/g)) {
        for (const options of [BACKUP_OPTIONS, RESTORE_OPTIONS]) {
          expect(Object.values(options).map((option) => option.flag)).toContain(flag);
        }
      }
    });
  },
);

describe('the address', () => {
  it('is told to git without its password', () => {
    expect(separateCredential({ url: 'https://me:p%40ss@h/x.git' })).toEqual({
      url: 'https://h/x.git',
      credentials: [{ url: 'https://h/x.git', username: 'me', password: 'p@ss' }],
    });
    expect(separateCredential({ url: 'https://me@h/x', passwordFile: '/f' })).toEqual({
      url: 'https://h/x',
      credentials: [{ url: 'https://h/x', username: 'me', passwordFile: '/f' }],
    });
    expect(separateCredential({ url: 'ssh://git@h/x' })).toEqual({ url: 'ssh://git@h/x', credentials: [] });
  });
});
