/** An application of another user leaves files in published trees that git-sync may not remove. */
import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { useProgramsForOthers } from '../../../support/for-others.ts';
import { startHttpGitServer } from '../../../support/http-git-server.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { startProgram } from './start-program.ts';
import { makeVersions, syncArguments } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
const programs = useProgramsForOthers();
const OTHER = 12_345;
const SETPRIV = [`--reuid=${OTHER}`, `--regid=${OTHER}`, '--clear-groups'];
const canBeAnother = spawnSync('setpriv', [...SETPRIV, 'true']).status === 0;

it.runIf(canBeAnother)(
  'they are told once, counted, tried again and never in the way, also of the commit whose tree they are in',
  async () => {
    const repository = await makeVersions(temp.join('served', 'repo.git'));
    const first = await repository.hash();
    const server = await startHttpGitServer({ root: temp.join('served') });
    onTestFinished(async () => server.stop());
    await chmod(temp.path, 0o755);
    await mkdir(temp.join('own'));
    await chown(temp.join('own'), OTHER, OTHER);
    const root = temp.join('own', 'root');
    const { pillion, PATH } = await programs();
    // The default: a single failure would end it.
    const flags = ['--period=200ms', '--http-bind=127.0.0.1:0', '--http-metrics'];
    const sync = startProgram(
      'setpriv',
      [...SETPRIV, pillion, ...syncArguments({ repo: server.repositoryUrl('repo.git'), root, flags })],
      { cwd: temp.join('own'), env: { PATH, TMPDIR: temp.join('own'), HOME: temp.join('own') } },
    );
    const endpoint = /"endpoint":"([^"]+)"/.exec(await sync.said(/serving HTTP/))?.[1];
    const keptTrees = async () => {
      const text = await (await fetch(`http://${endpoint}/metrics`)).text();
      return Number(/^git_sync_unremovable_trees (\d+)$/m.exec(text)?.[1]);
    };
    const isPublished = async (hash: string) =>
      path.basename(await readlink(path.join(root, 'link'))) === hash;
    const published = (hash: string) => waitFor(() => isPublished(hash), { what: `commit ${hash}` });
    await published(first);

    const cache = path.join(root, '.worktrees', first, '__pycache__');
    await mkdir(cache, { mode: 0o755 });
    await writeFile(path.join(cache, 'module.pyc'), '');
    await published(await commitVersion(repository, 2));
    expect(await sync.said(/cannot be removed whole/)).toContain('__pycache__');
    await waitFor(async () => (await keptTrees()) === 1, { what: 'the count of trees that stay' });
    await published(await commitVersion(repository, 3));

    // Back to the commit whose tree could not be removed.
    await repository.setBranch(repository.branch, first);
    await published(first);
    await sync.said(/moved out of the way/);
    expect(await readdir(path.join(root, 'link'))).not.toContain('__pycache__');
    expect(
      sync.lines.filter((line) => line.includes(`${first}",`) && line.includes('removed whole')),
    ).toHaveLength(1);

    const stays =
      (await readdir(path.join(root, '.worktrees'))).find((name) => name.includes('.kept-')) ?? '';
    await rm(path.join(root, '.worktrees', stays, '__pycache__'), { recursive: true });
    await waitFor(async () => (await keptTrees()) === 0, { what: 'the count to go back' });
    await waitFor(async () => (await readdir(path.join(root, '.worktrees'))).length === 1, {
      what: 'the end of what could not be removed',
    });
    expect(sync.lines.filter((line) => line.includes('"code":'))).toEqual([]);
  },
);
