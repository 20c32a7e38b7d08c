import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gitEnvironment } from '../../../support/git.ts';
import {
  type Content,
  createRepository,
  type GitRepository,
  gitmodules,
} from '../../../support/git-repository.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { runProgram } from '../../../support/run-program.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import {
  expectClean,
  expectNothingRan,
  expectPublished,
  makeVersions,
  mustSync,
  syncOnce,
} from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

/** All that lies outside the root and the repositories, with what it holds. */
async function outside(): Promise<Record<string, string>> {
  const entries = await readdir(temp.join('outside'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')])),
  );
}

/** A commit of entries that no honest git would write: object by object. */
async function commitRaw(repository: GitRepository, entries: readonly string[]): Promise<string> {
  const env = gitEnvironment();
  const cwd = repository.path;
  const tree = await runProgram('git', ['mktree'], { cwd, env, input: `${entries.join('\n')}\n` });
  const parent = await repository.hash();
  const commit = await repository.git('commit-tree', tree, '-p', parent, '-m', 'raw');
  await repository.git('update-ref', 'refs/heads/main', commit);
  return commit;
}

async function blob(repository: GitRepository, text: string): Promise<string> {
  const args = ['hash-object', '-w', '--stdin'];
  return runProgram('git', args, { cwd: repository.path, env: gitEnvironment(), input: text });
}

describe('the content of a repository', () => {
  it('may point out of the tree with symbolic links: they are only links, and nothing is written through them', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const options = { repo: repository.url, root: temp.join('root') };
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside', 'file'), 'untouched');
    const out = temp.join('outside');
    await commitVersion(repository, 2, {
      'to-root': { symlink: '../../..' },
      '.worktrees': { symlink: out },
      passwd: { symlink: '/etc/passwd' },
      later: { symlink: out },
    });
    await mustSync(options);
    expect(await readlink(temp.join('root', 'link', 'later'))).toBe(out);
    // What was a link to a directory becomes a directory, with a file named like one behind the link.
    await commitVersion(repository, 3, {
      later: null,
      'later/file': 'new',
      '.worktrees': null,
      '.worktrees/x': 'y',
    });
    await mustSync(options);
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 3);
    expect(await outside()).toEqual({ [temp.join('outside', 'file')]: 'untouched' });
  });

  it('may have a link and a directory of one name but for case: both are there, outside nothing is', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await mkdir(temp.join('outside'));
    await commitVersion(repository, 2, { A: { symlink: temp.join('outside') }, 'a/post-checkout': 'x' });
    await mustSync({ repo: repository.url, root: temp.join('root') });
    await expectPublished(temp.join('root', 'link'), await repository.hash(), 2);
    expect(await outside()).toEqual({});
  });

  it.each(['.git', '.GIT', '.Git', 'git~1', '..', '.'])(
    'cannot bring an entry named %s: the old tree stays',
    async (name) => {
      const repository = await makeVersions(temp.join('repo.git'));
      const hash = await repository.hash();
      const options = { repo: repository.url, root: temp.join('root') };
      await mustSync(options);
      const text = await blob(repository, `gitdir: ${temp.join('elsewhere')}\n`);
      await commitRaw(repository, [`100644 blob ${text}\t${name}`]);
      const result = await syncOnce(options);
      expect(result.code, result.stderr).toBe(1);
      await expectPublished(temp.join('root', 'link'), hash, 1);
      await commitVersion(repository, 2, {});
      await repository.git('update-ref', 'refs/heads/main', hash);
      await mustSync(options);
      await expectPublished(temp.join('root', 'link'), hash, 1);
    },
  );

  it('may have any file name: newlines, options, control characters, and bytes that are no text', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const names: Record<string, Content> = {
      'new\nline': 'a',
      '-rf': 'b',
      '--help': 'c',
      'tab\tand "quotes"': 'd',
      '\u0007bell': 'e',
      '$(touch pwned)': 'f',
      ['long'.repeat(60)]: 'g',
      [Array.from({ length: 60 }, () => 'deep').join('/')]: 'h',
    };
    const hash = await commitVersion(repository, 2, names);
    await mustSync({ repo: repository.url, root: temp.join('root') });
    await expectPublished(temp.join('root', 'link'), hash, 2);
    for (const [name, content] of Object.entries(names)) {
      expect(await readFile(temp.join('root', 'link', name), 'utf8')).toBe(content);
    }
    // Cleaning up after names like these works as well.
    const last = await commitVersion(repository, 3);
    await mustSync({ repo: repository.url, root: temp.join('root') });
    expect(await readdir(temp.join('root', '.worktrees'))).toEqual([last]);
    await expectNothingRan(temp.path);
  });

  it('may have names that are no text in any encoding, which are published and cleaned away like others', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const text = await blob(repository, 'bytes');
    const env = gitEnvironment();
    const input = Buffer.concat([
      Buffer.from(`100644 blob ${text}\t`),
      Buffer.from([0xff, 0xfe, 0x80, 0x0a]),
    ]);
    const tree = await runProgram('git', ['mktree'], { cwd: repository.path, env, input });
    const commit = await repository.git('commit-tree', tree, '-p', await repository.hash(), '-m', 'bytes');
    await repository.git('update-ref', 'refs/heads/main', commit);
    const options = { repo: repository.url, root: temp.join('root') };
    await mustSync(options);
    await expectClean(temp.join('root', 'link'), commit);
    const last = await commitVersion(repository, 3);
    await mustSync(options);
    expect(await readdir(temp.join('root', '.worktrees'))).toEqual([last]);
  });

  it('cannot start programs by attributes or hooks that it brings along', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const program = { executable: `#!/bin/sh\ntouch ${temp.join('pwned')}\n` };
    const hash = await commitVersion(repository, 2, {
      '.gitattributes': '* filter=evil diff=evil merge=evil export-subst ident\n',
      '.gitconfig': `[filter "evil"]\n\tsmudge = touch ${temp.join('pwned')}\n`,
      '.git-hooks/post-checkout': program,
      'hooks/post-checkout': program,
      'hooks/reference-transaction': program,
      config: `[core]\n\thooksPath = hooks\n\tfsmonitor = ./hooks/post-checkout\n`,
    });
    await mustSync({ repo: repository.url, root: temp.join('root') });
    await expectPublished(temp.join('root', 'link'), hash, 2);
    await expectNothingRan(temp.path);
  });

  it('is limited by sparse patterns, which cannot reach out of the tree', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await mkdir(temp.join('outside'));
    await writeFile(temp.join('outside', 'file'), 'untouched');
    const patterns = [
      '/etc/*',
      `${temp.join('outside')}/*`,
      '../../outside',
      '!/../outside/file',
      '/version',
      '',
    ];
    await writeFile(temp.join('patterns'), patterns.join('\n'));
    const flags = [`--sparse-checkout-file=${temp.join('patterns')}`];
    await mustSync({ repo: repository.url, root: temp.join('root'), flags });
    expect((await readdir(temp.join('root', 'link'))).sort()).toEqual(['.git', 'version']);
    expect(await outside()).toEqual({ [temp.join('outside', 'file')]: 'untouched' });
  });
});

describe('a malformed object', () => {
  it('is refused with --fsck, with advice; what is published stays, and without it git is content', async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const server = await startHttpGitServer({ root: temp.join('served') });
    onTestFinished(async () => server.stop());
    const options = {
      repo: server.repositoryUrl('repo.git'),
      root: temp.join('root'),
      flags: ['--fsck', '--git-gc=off'],
    };
    await mustSync(options);
    const good = await repository.hash();
    const [first, second] = [await blob(repository, 'first\n'), await blob(repository, 'second\n')];
    const bad = await commitRaw(repository, [`100644 blob ${first}\ttwice`, `100644 blob ${second}\ttwice`]);
    const result = await syncOnce(options);
    expect(result.code, result.stderr).toBe(1);
    expect(result.stderr).toMatch(
      /"code":"object_malformed".*duplicateEntries|duplicateEntries.*"code":"object_malformed"/,
    );
    expect(result.stderr).toContain('fetch.fsck.<kind>:ignore');
    await expectPublished(path.join(options.root, 'link'), good, 1);

    const accepts = '--git-config=fetch.fsck.duplicateEntries:ignore';
    await mustSync({ ...options, flags: [...options.flags, accepts] });
    expect(path.basename(await readlink(path.join(options.root, 'link')))).toBe(bad);
    await mustSync({ ...options, root: temp.join('other'), flags: [] });
  });
});

describe('a submodule', () => {
  const attack = async (modules: string, at = 'sub'): Promise<void> => {
    const repository = await makeVersions(temp.join('repo.git'));
    const hash = await repository.hash();
    const options = { repo: repository.url, root: temp.join('root') };
    await mustSync(options);
    await commitVersion(repository, 2, { '.gitmodules': modules, [at]: { gitlink: hash } });
    const result = await syncOnce(options, { cwd: temp.path });
    await expectNothingRan(temp.path);
    const now = path.basename(await readlink(temp.join('root', 'link')));
    // Refused as a whole, or published without the submodule: never something in between.
    const version = result.code === 0 ? 2 : 1;
    expect(now).toBe(version === 2 ? await repository.hash() : hash);
    expect(await readFile(temp.join('root', 'link', 'version'), 'utf8')).toContain(`${version}\n`);
    await repository.setBranch('main', hash);
    await mustSync(options);
    await expectPublished(temp.join('root', 'link'), hash, 1);
  };

  it.each([
    ['../../../pwned', 'https://127.0.0.1:1/x'],
    ['../../../../pwned', './repo.git'],
    ['sub', '-u./pwned'],
    ['sub', '--upload-pack=touch pwned'],
    ['sub', 'ext::sh -c touch% pwned'],
    ['sub', 'ssh://-oProxyCommand=touch${IFS}pwned/x'],
    ['sub', 'file:///etc'],
    ['-c', 'https://127.0.0.1:1/x'],
    ['sub', 'http://127.0.0.1:1/%0apwned'],
  ])('named %j with the address %j starts nothing and costs nothing that is published', async (name, url) => {
    await attack(gitmodules([{ name, path: 'sub', url }]));
  });

  it.each(['-sub', '../pwned', '.git/modules', '.git'])('at the path %j starts nothing', async (at) => {
    const modules = gitmodules([{ name: 'sub', path: at, url: 'https://127.0.0.1:1/x' }]);
    const isAllowed = at === '-sub';
    await attack(modules, isAllowed ? at : 'sub');
  });

  it('cannot say which command updates it', async () => {
    const modules = gitmodules([{ path: 'sub', url: 'https://127.0.0.1:1/x' }]);
    await attack(`${modules}\tupdate = !touch ${temp.join('pwned')}\n\tignore = all\n`);
  });

  it('from the local disk is refused unless the user allows it', async () => {
    const inner = await makeVersions(temp.join('inner.git'));
    const repository = await createRepository(temp.join('repo.git'));
    const hash = await inner.hash();
    const files = { '.gitmodules': gitmodules([{ path: 'sub', url: inner.url }]), sub: { gitlink: hash } };
    await repository.commit({ ...files, a: 'a' });
    const options = { repo: repository.url, root: temp.join('root') };
    const result = await syncOnce(options);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('"code":"transport_refused"');
    await mustSync({ ...options, flags: ['--git-config=protocol.file.allow:always'] });
    expect(await readFile(temp.join('root', 'link', 'sub', 'version'), 'utf8')).toContain('1');
  });
});

describe('a server that redirects to another host', () => {
  it('does not get the credentials forwarded, neither by the poll nor by git', async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const honest = await startHttpGitServer({
      root: temp.join('served'),
      users: new Map([['user', 'word']]),
    });
    const other = await startHttpGitServer({ root: temp.join('served') });
    const greedy = await startHttpGitServer({
      root: temp.join('served'),
      users: new Map([['user', 'word']]),
    });
    onTestFinished(async () => {
      await Promise.all([honest.stop(), other.stop(), greedy.stop()]);
    });
    const options = {
      repo: honest.repositoryUrl('repo.git'),
      root: temp.join('root'),
      flags: ['--username=user'],
    };
    const env = { GITSYNC_PASSWORD: 'word' };
    await mustSync(options, { env });
    for (const [target, works] of [
      [other, true],
      [greedy, false],
    ] as const) {
      await commitVersion(repository, works ? 2 : 3);
      honest.fail({ kind: 'redirect', to: target.url });
      const result = await syncOnce(options, { env });
      expect(result.code, result.stderr).toBe(works ? 0 : 1);
      expect(target.requests.length).toBeGreaterThan(0);
      expect(target.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
      honest.heal();
    }
    expect(honest.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
    honest.fail({ kind: 'redirect', to: other.url }, { when: ({ method }) => method === 'POST' });
    await syncOnce(options, { env });
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });
});
