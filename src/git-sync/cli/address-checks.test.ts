import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkProblem, refProblem, repoProblem } from './address-checks.ts';
import { complaint, parse, REPO, v4 } from './testing/parse.ts';

const HASH = '0123456789abcdef0123456789abcdef01234567';

describe('refProblem', () => {
  it.each([
    'HEAD',
    'main',
    'feature/x',
    'v1.2.3',
    'refs/heads/main',
    'refs/pull/12/head',
    'release-1.0',
    '0a1b2c3',
    '0123456789abcdef0123456789abcdef01234567',
    'grün',
    '@',
  ])('takes %s', (ref) => {
    expect(refProblem(ref)).toBeUndefined();
  });

  it.each([
    '--upload-pack=sh',
    '-x',
    'a:b',
    'a^',
    'a~1',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a b',
    'a\n',
    'a..b',
    'a@{1}',
    '\u007f',
  ])('refuses %j', (ref) => {
    expect(refProblem(ref)).toBeDefined();
  });
});

describe('repoProblem', () => {
  it.each([
    REPO,
    'git@host:a/b.git',
    '/srv/repo',
    'file:///srv/repo',
    'ssh://git@h:22/x',
    '../x',
    'https://[::1]/x',
  ])('takes %s', (repo) => {
    expect(repoProblem(repo)).toBeUndefined();
  });

  it.each([
    '--upload-pack=sh',
    '-x',
    'ext::sh -c id',
    'EXT::x',
    'fd::17',
    'https://u:pa/ss@h/x',
    'https://h/x\nhost=evil',
  ])('refuses %j', (repo) => {
    expect(repoProblem(repo)).toBeDefined();
  });
});

describe('linkProblem', () => {
  it.each(['link', 'a/b', '/abs/link', '../up', 'x/'])('takes %s', (link) => {
    expect(linkProblem('v4', link, '/r')).toBeUndefined();
  });

  it.each(['', '.', '..', '/', 'a/..', 'a/.'])('refuses "%s", which names no file', (link) => {
    expect(linkProblem('v4', link, '/r')).toBeDefined();
  });

  it.each(['.gitignored', '.worktrees.d/x', 'x/.git/y', '/other/.git/x', '/r.worktrees/x', 'rev-1', HASH])(
    'takes %s, where no clean-up comes',
    (link) => {
      expect(linkProblem('v4', link, '/r')).toBeUndefined();
    },
  );

  const OWN = ['.git', '.git/x', '.worktrees', '.worktrees/x', './a/../.worktrees//x/', `rev-${HASH}`];

  it.each([...OWN, `rev-${HASH}/x`, '/r/.worktrees/x', '/r/sub/../.git/x', '../r/.git/x'])(
    'refuses %s, from where the same pass would clean it away',
    (link) => {
      expect(linkProblem('v4', link, '/r')).toContain('cleaned away');
      expect(linkProblem('v3', link, '/r')).toContain('cleaned away');
    },
  );

  it('refuses a name that v3 takes for a tree of an older version', () => {
    expect(linkProblem('v3', HASH, '/r')).toContain('cleaned away');
    expect(linkProblem('v3', `${HASH}/x`, '/r')).toBeUndefined();
  });
});

describe('what Pillion refuses in addition', () => {
  it.each([
    [['--ref=--upload-pack=touch /tmp/x'], "invalid flag: --ref must not start with '-'"],
    [['--branch=-x'], "invalid flag: --ref must not start with '-'"],
    [['--ref=main:evil'], 'invalid flag: --ref must be the name of a branch or tag'],
    [['--repo=ext::sh'], "invalid flag: --repo must not use git's ext:: or fd:: transport"],
    [['--repo=-x'], "invalid flag: --repo must not start with '-'"],
    [['--repo=/'], 'invalid flag: --link must end in a name'],
    [['--link=..'], 'invalid flag: --link must end in a name'],
    [['--link=.worktrees/x'], 'invalid flag: --link must not lie in .git, .worktrees'],
    [['--root=r', '--link=/cwd/r/.git/x'], 'invalid flag: --link must not lie in .git, .worktrees'],
    [['--link=l', '--error-file=l'], 'invalid flag: --error-file must not be the published link'],
    [['--link=/r/l', '--error-file=./l/'], 'invalid flag: --error-file must not be the published link'],
    [['--error-file=site.git'], 'invalid flag: --error-file must not be the published link'],
    [
      ['--root=r', '--link=l', '--touch-file=/cwd/r/l'],
      'invalid flag: --touch-file must not be the published',
    ],
  ])('says so clearly in v4: %j', (argv, message) => {
    expect(complaint({ argv: [`--repo=${REPO}`, '--root=/r', ...argv] })).toContain(message);
  });

  it.each([
    [['-branch=-x'], "ERROR: --branch must not start with '-'"],
    [['-rev=a..b'], 'ERROR: --rev must be the name'],
    [['-branch='], 'ERROR: --branch must be specified'],
    [['-repo=fd::3'], "ERROR: --repo must not use git's ext:: or fd:: transport"],
    [['-dest=.'], 'ERROR: --dest must end in a name'],
    [['-dest=.git/x'], 'ERROR: --dest must not lie in .git, .worktrees'],
    [['-root=r', `-dest=/cwd/r/rev-${HASH}`], 'ERROR: --dest must not lie in .git, .worktrees'],
    [['-dest=l', '-error-file=l'], 'ERROR: --error-file must not be the published link'],
    [['-dest=l', '-error-file=/l'], 'ERROR: --error-file must not be the published link'],
  ])('says so clearly in v3: %j', (argv, message) => {
    expect(complaint({ argv: [`-repo=${REPO}`, '-root=/r', ...argv] })).toContain(message);
  });

  it.each([
    ['--root=/r', '--link=l', '--error-file=l'],
    ['--root=/r', '--link=l', '--error-file=/r/l', '--period=1ns'],
  ])('writes no error file over the link that was published before: %j', (...argv) => {
    expect(parse({ argv: [`--repo=${REPO}`, ...argv] })).not.toHaveProperty('errorFile');
  });

  it('writes no error file over the link that was published before, in v3', () => {
    const argv = [`-repo=${REPO}`, '-root=/r', '-dest=l', '-error-file=/l'];
    expect(parse({ argv })).toMatchObject({ kind: 'exit', code: 1 });
    expect(parse({ argv })).not.toHaveProperty('errorFile');
  });

  it('takes every name that git check-ref-format would take in one piece', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9_/.-]{0,30}[a-z0-9]$/), (name) => {
        fc.pre(!name.includes('..'));
        expect(v4([`--ref=${name}`]).follow).toEqual({ kind: 'ref', ref: name });
      }),
    );
  });
});
