/** Which trees go, and what git is asked to forget; git itself only writes down how it was called. */
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../test/support/temp.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { v4 } from '../cli/testing/parse.ts';
import { type CleanupInit, cleanup, staleTrees } from './cleanup.ts';
import { layoutOf } from './layout.ts';
import { createSharedRepository } from './repository/shared-repository.ts';

const dir = useTempDir();
const { log } = createRecordedLog();
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];
const { signal } = new AbortController();

/** A directory that git made out of the root's repository, or one that only looks like it. */
async function makeTree(name: string, { gitDir = '', ageMs = 0 } = {}): Promise<string> {
  const path = dir.join(name);
  await mkdir(path, { recursive: true });
  await writeFile(`${path}/.git`, `gitdir: ${gitDir || dir.join('.git/worktrees', name)}\n`);
  const at = (Date.now() - ageMs) / 1000;
  await utimes(path, at, at);
  return path;
}

async function init(flags: readonly string[] = [], more: Partial<CleanupInit> = {}) {
  const shared = await createSharedRepository({
    root: dir.path,
    privatePath: await makeTempDir(),
    url: '/srv/repo',
    filter: '',
    log,
    onInit: () => undefined,
  });
  onTestFinished(async () => {
    await shared.close();
    await removeTempDir(dirname(shared.newIndexFile()));
  });
  const calls: string[] = [];
  const cleaning: CleanupInit = {
    root: dir.path,
    layout: layoutOf('v4', dir.path),
    settings: v4(flags),
    git: {
      run(args) {
        calls.push(args.join(' '));
        return Promise.resolve(args[0] === 'rev-list' ? A : '');
      },
    },
    shared,
    log,
    now: () => Date.now(),
    inUse: () => [],
    reportedTrees: new Set(),
    ...more,
  };
  const cleanUp = (current: string) =>
    shared.withRoot({ isThorough: false }, (open) => cleanup(cleaning, open, current, signal));
  return { cleaning, calls, cleanUp };
}

describe('stale trees', () => {
  it('are those of both generations that nobody needs', async () => {
    const current = await makeTree(`.worktrees/${A}`);
    const old = [await makeTree(`.worktrees/${B}`), await makeTree(`rev-${C}`), await makeTree(B)];
    expect((await staleTrees((await init()).cleaning, current)).sort()).toEqual(old.sort());
  });

  it('are whatever lies in .worktrees, which is git-sync’s own', async () => {
    await makeTree(`.worktrees/${A}`);
    await mkdir(dir.join('.worktrees/junk'));
    await writeFile(dir.join('.worktrees/file'), '');
    await symlink('/', dir.join('.worktrees/link'));
    const stale = await staleTrees((await init()).cleaning, dir.join('.worktrees', A));
    expect(stale.sort()).toEqual(['file', 'junk', 'link'].map((name) => dir.join('.worktrees', name)));
  });

  it('are not what somebody else keeps in the root, even if it is named like one', async () => {
    await makeTree(B, { gitDir: '/elsewhere/.git/worktrees/x' });
    await mkdir(dir.join(C));
    await mkdir(dir.join('backups'));
    await makeTree('v1.0');
    expect(await staleTrees((await init()).cleaning, dir.join('.worktrees', A))).toEqual([]);
  });

  it('are not what a link in the root leads to, or a hook works in', async () => {
    const [linked, used] = [await makeTree(`.worktrees/${B}`), await makeTree(`.worktrees/${C}`)];
    await symlink(`.worktrees/${B}`, dir.join('other-link'));
    const { cleaning } = await init([], { inUse: () => [used] });
    expect(await staleTrees(cleaning, dir.join('.worktrees', A))).toEqual([]);
    expect(linked).toContain(B);
  });

  it('are not in a directory that .worktrees is only a link to', async () => {
    await mkdir(dir.join('theirs/tree'), { recursive: true });
    await symlink('theirs', dir.join('.worktrees'));
    expect(await staleTrees((await init()).cleaning, dir.join('.worktrees', A))).toEqual([]);
  });

  it('are old enough only after the stale-worktree timeout', async () => {
    const old = await makeTree(`.worktrees/${B}`, { ageMs: 61_000 });
    await makeTree(`.worktrees/${C}`, { ageMs: 30_000 });
    const { cleaning } = await init(['--stale-worktree-timeout=60s']);
    expect(await staleTrees(cleaning, dir.join('.worktrees', A))).toEqual([old]);
  });
});

describe('the clean-up', () => {
  it.each([
    ['always', 'gc'],
    ['auto', 'gc --auto'],
    ['aggressive', 'gc --aggressive'],
    ['off', undefined],
  ])('removes them and lets git forget them: gc mode %s', async (mode, gc) => {
    const current = await makeTree(`.worktrees/${A}`);
    await makeTree(`.worktrees/${B}`);
    const { calls, cleanUp } = await init([`--git-gc=${mode}`]);
    await cleanUp(current);
    expect(await readdir(dir.join('.worktrees'))).toEqual([A]);
    const protect = `rev-list --no-walk --ignore-missing ${A}`;
    expect(calls).toEqual(gc === undefined ? [] : [protect, gc]);
  });

  it('asks git nothing when there is nothing to remove', async () => {
    const current = await makeTree(`.worktrees/${A}`);
    const { calls, cleanUp } = await init();
    await cleanUp(current);
    expect(calls).toEqual([]);
  });
});
