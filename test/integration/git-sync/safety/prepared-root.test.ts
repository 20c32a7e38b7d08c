import { chmod, readdir, readFile, readlink, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { git } from '../../../support/git.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import {
  expectNothingRan,
  expectPublished,
  makeVersions,
  mustSync,
  startSync,
  syncOnce,
  writeProgram,
} from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

describe('a root that somebody has prepared', () => {
  it('starts no program by its hooks or its configuration', async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const users = new Map([['user', 'word']]);
    const server = await startHttpGitServer({ root: temp.join('served'), users });
    onTestFinished(async () => server.stop());
    const options = {
      repo: server.repositoryUrl('repo.git'),
      root: temp.join('root'),
      flags: ['--username=user'],
    };
    const env = { GITSYNC_PASSWORD: 'word' };
    await mustSync(options, { env });
    const evil = await writeProgram(temp.join('evil', 'program'), `touch ${temp.join('pwned')}`);
    const hooks = [
      'post-checkout',
      'reference-transaction',
      'post-index-change',
      'pre-auto-gc',
      'post-merge',
    ];
    for (const directory of [temp.join('evil', 'hooks'), temp.join('root', '.git', 'hooks')]) {
      for (const hook of hooks) {
        await writeProgram(path.join(directory, hook), `touch ${temp.join('pwned')}`);
        await chmod(path.join(directory, hook), 0o755);
      }
    }
    const gitDir = temp.join('root', '.git');
    for (const [key, value] of [
      ['core.hooksPath', temp.join('evil', 'hooks')],
      ['core.fsmonitor', evil],
      ['core.sshCommand', evil],
      ['core.askPass', evil],
      ['core.editor', evil],
      ['core.pager', evil],
      ['credential.helper', `!${evil}`],
      ['credential.http://127.0.0.1.helper', `!${evil}`],
      ['alias.fetch', `!${evil}`],
      ['alias.reset', `!${evil}`],
      ['diff.external', evil],
      ['gpg.program', evil],
    ] as const) {
      await git(gitDir, 'config', '--file', path.join(gitDir, 'config'), key, value);
    }
    await commitVersion(repository, 2);
    await mustSync(options, { env });
    await expectNothingRan(temp.path);
    // Also when the credentials are refused and git looks for others.
    users.set('user', 'other');
    expect((await syncOnce(options, { env })).code).toBe(1);
    await expectNothingRan(temp.path);
    expect(path.basename(await readlink(temp.join('root', 'link')))).toBe(await repository.hash());
  });

  const PLANTED: readonly (readonly [string, (gitDir: string, evil: string) => Promise<string[][]>])[] = [
    [
      'a filter',
      async (_, evil) => [
        ['filter.evil.smudge', evil],
        ['filter.evil.clean', evil],
      ],
    ],
    ['a filter that git-lfs could have', async (_, evil) => [['filter.lfs.process', evil]]],
    [
      'another address with another protocol',
      async (_, evil) => [
        [`url.ext::${evil} #.insteadOf`, temp.path],
        [`url.ext::${evil} #.insteadOf`, `file://${temp.path}`],
        ['protocol.ext.allow', 'always'],
      ],
    ],
    [
      'a program of a remote',
      async (_, evil) => [
        ['remote.origin.uploadpack', evil],
        ['remote.origin.vcs', evil],
      ],
    ],
    [
      'a file that is included',
      async (gitDir, evil) => {
        await writeFile(
          path.join(gitDir, 'more'),
          `[filter "evil"]\n\tsmudge = ${evil}\n\tclean = ${evil}\n`,
        );
        return [['include.path', 'more']];
      },
    ],
    ['a hook of gc', async (_, evil) => [['gc.recentObjectsHook', evil]]],
  ];

  it.each(PLANTED)(
    'starts no program by %s in its configuration, and says what it found',
    async (_, plant) => {
      const repository = await makeVersions(temp.join('repo.git'));
      const options = { repo: repository.url, root: temp.join('root') };
      const attributes = { '.gitattributes': 'version filter=evil\na/wide filter=lfs\n' };
      await commitVersion(repository, 2, attributes);
      await mustSync(options);
      const evil = await writeProgram(temp.join('evil', 'program'), `touch ${temp.join('pwned')}; cat`);
      const gitDir = temp.join('root', '.git');
      for (const [key = '', value = ''] of await plant(gitDir, evil)) {
        await git(gitDir, 'config', '--file', path.join(gitDir, 'config'), '--add', key, value);
      }
      // One start that checks the tree, and one that makes another.
      const result = await mustSync(options);
      expect(result.stderr).toContain("settings in the root's git configuration are not git-sync's");
      await commitVersion(repository, 3);
      await mustSync(options);
      await expectNothingRan(temp.path);
      await expectPublished(temp.join('root', 'link'), await repository.hash(), 3);
      expect(await readFile(path.join(gitDir, 'config.set-aside'), 'utf8')).not.toBe('');
    },
  );

  it('starts no program by its configuration while it polls either', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const gitDir = temp.join('root', '.git');
    const running = await startSync({
      repo: repository.url,
      root: temp.join('root'),
      flags: ['--period=50ms', '-v=3'],
    });
    await running.waitForLog('updated successfully');
    const evil = await writeProgram(temp.join('evil', 'program'), `touch ${temp.join('pwned')}`);
    // In one rename, since it polls all the while.
    const config = `[url "ext::${evil} #"]\n\tinsteadOf = ${repository.url}\n[protocol "ext"]\n\tallow = always\n`;
    await writeFile(
      path.join(gitDir, 'planted'),
      `${await readFile(path.join(gitDir, 'config'), 'utf8')}${config}`,
    );
    await rename(path.join(gitDir, 'planted'), path.join(gitDir, 'config'));
    const from = running.lines().length;
    const polls = () =>
      running
        .lines()
        .slice(from)
        .filter((line) => line.includes('"msg":"next sync"')).length;
    await waitFor(() => polls() > 3, { what: 'some polls' });
    const hash = await commitVersion(repository, 2);
    await waitFor(async () => path.basename(await readlink(temp.join('root', 'link'))) === hash, {
      what: 'the update',
    });
    await expectNothingRan(temp.path);
  });

  it('starts no program by leading its trees to a repository that was prepared', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const options = { repo: repository.url, root: temp.join('root') };
    await commitVersion(repository, 2, { '.gitattributes': '* filter=evil\n' });
    await mustSync(options);
    const evil = await writeProgram(temp.join('evil', 'program'), `touch ${temp.join('pwned')}; cat`);
    const prepared = temp.join('prepared.git');
    const hash = await repository.hash();
    await git(temp.path, 'clone', '--quiet', '--bare', repository.path, prepared);
    await git(prepared, 'config', 'filter.evil.clean', evil);
    await git(prepared, 'config', 'filter.evil.smudge', evil);
    await git(prepared, 'config', 'core.bare', 'false');
    await writeFile(path.join(prepared, 'HEAD'), `${hash}\n`);
    const link = temp.join('root', 'link');
    for (const [file, text] of [
      [path.join(link, '.git'), `gitdir: ${prepared}\n`],
      [temp.join('root', '.git', 'worktrees', hash, 'commondir'), `${prepared}\n`],
      [temp.join('root', '.git', 'commondir'), `${prepared}\n`],
    ] as const) {
      await writeFile(file, text);
      // What is newer than the index would be read, and go through the filter.
      await writeFile(path.join(link, 'version'), 'edited');
      await mustSync(options);
      await expectNothingRan(temp.path);
      await expectPublished(link, hash, 2);
    }
  });

  it('is given its user configured hooks when the user asks for them', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await writeProgram(temp.join('hooks', 'post-index-change'), `touch ${temp.join('wanted')}`);
    const flags = [`--git-config=core.hooksPath:${temp.join('hooks')}`];
    await mustSync({ repo: repository.url, root: temp.join('root'), flags });
    expect(await readdir(temp.path)).toContain('wanted');
  });
});
