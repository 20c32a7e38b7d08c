import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkProblem, refProblem, repoProblem } from './address-checks.ts';
import { complaint, REPO, v4 } from './testing/parse.ts';

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
    expect(linkProblem(link)).toBeUndefined();
  });

  it.each(['', '.', '..', '/', 'a/..', 'a/.'])('refuses "%s", which names no file', (link) => {
    expect(linkProblem(link)).toBeDefined();
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
  ])('says so clearly in v4: %j', (argv, message) => {
    expect(complaint({ argv: [`--repo=${REPO}`, '--root=/r', ...argv] })).toContain(message);
  });

  it.each([
    [['-branch=-x'], "ERROR: --branch must not start with '-'"],
    [['-rev=a..b'], 'ERROR: --rev must be the name'],
    [['-branch='], 'ERROR: --branch must be specified'],
    [['-repo=fd::3'], "ERROR: --repo must not use git's ext:: or fd:: transport"],
    [['-dest=.'], 'ERROR: --dest must end in a name'],
  ])('says so clearly in v3: %j', (argv, message) => {
    expect(complaint({ argv: [`-repo=${REPO}`, '-root=/r', ...argv] })).toContain(message);
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
