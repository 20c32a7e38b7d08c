import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortConfig } from './config-lines.ts';

const OURS = `[core]
\trepositoryformatversion = 1
\tfilemode = true
\tbare = false
[remote "origin"]
\turl = "https://example.com/a \\"b\\".git"
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tpromisor = true
\tpartialclonefilter = blob:none
[extensions]
\tpartialClone = origin
\tworktreeConfig = true
# a comment
[submodule "a b"]
\tactive = true
\turl = ../b
\tupdate = rebase
[filter "lfs"]
\tsmudge = git-lfs smudge -- %f
\trequired = true
`;

describe('the configuration of a repository', () => {
  it('stays byte for byte when git or git-sync could have written it', () => {
    expect(sortConfig(OURS)).toEqual({ kept: OURS, foreign: [] });
  });

  it.each([
    ['[core]\n\tsshCommand = evil', 'core.sshcommand'],
    ['[CORE]\nHooksPath=evil', 'core.hookspath'],
    ['[core]\n\tworktree = /etc', 'core.worktree'],
    ['[filter "evil"]\n\tsmudge = evil', 'filter.smudge'],
    ['[filter "lfs"]\n\tsmudge = evil', 'filter.smudge'],
    ['[filter "lfs"]\n\tsmudge = git-lfs smudge -- %f; evil', 'filter.smudge'],
    ['[submodule "x"]\n\tupdate = !evil', 'submodule.update'],
    ['[url "ext::sh -c evil"]\n\tinsteadOf = https://example.com', 'url.insteadof'],
    ['[protocol "ext"]\n\tallow = always', 'protocol.allow'],
    ['[include]\n\tpath = /evil', 'include.path'],
    ['[includeIf "gitdir:/"]\n\tpath = /evil', 'includeif.path'],
    ['[http]\n\tproxy = http://evil', 'http.proxy'],
    ['[http "https://example.com"]\n\tsslVerify = false', 'http.sslverify'],
    ['[remote "origin"]\n\tuploadpack = evil', 'remote.uploadpack'],
    ['[remote "origin"]\n\tvcs = evil', 'remote.vcs'],
    ['[gc]\n\trecentObjectsHook = evil', 'gc.recentobjectshook'],
    ['[credential]\n\thelper = !evil', 'credential.helper'],
  ])('loses %j', (text, setting) => {
    const { kept, foreign } = sortConfig(`${OURS}${text}\n`);
    expect(foreign).toEqual([setting]);
    expect(kept).not.toContain('evil');
    expect(sortConfig(kept).foreign).toEqual([]);
  });

  it.each([
    '[core] sshCommand = evil',
    '[core.x]\n\tsshCommand = evil',
    '[core "x"] ; evil',
    '[core\n\tsshCommand = evil',
    'sshCommand = evil',
    '[user]\n\tname = a \\\n[core]\\\nsshCommand = evil',
  ])('loses what is not written as git writes it: %j', (text) => {
    const { kept, foreign } = sortConfig(text);
    expect(foreign.length).toBeGreaterThan(0);
    expect(kept).not.toContain('evil');
  });

  it('loses no more when it is read again, whatever it was', () => {
    const word = fc.constantFrom(
      '[core]',
      '[url "x"]',
      'bare = true',
      'x = y',
      '\\',
      '"',
      '#',
      '[',
      ' ',
      '\r',
      '\n',
      '\n',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const { kept } = sortConfig(words.join(''));
        expect(sortConfig(kept)).toEqual({ kept, foreign: [] });
      }),
    );
  });
});
