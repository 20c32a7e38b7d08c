/** Which trees go, and what git is asked to forget; git itself only writes down how it was called. */
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeTempDir, removeTempDir } from '../../../../test/support/temp.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { v4 } from '../../cli/testing/parse.ts';
import type { SyncContext } from '../context.ts';
import { createSharedRepository } from '../repository/shared-repository.ts';
import { cleanUp, staleTrees } from './cleanup.ts';
import { keepFor } from './retention.ts';

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

const options = (needed: readonly string[], keptMs = 0) => ({
  published: A,
  needed,
  retention: keepFor(keptMs),
  now: Date.now(),
  reportedTrees: new Set<string>(),
});

async function setUp(flags: readonly string[] = []) {
  const privatePath = await makeTempDir();
  const shared = await createSharedRepository({
    root: dir.path,
    privatePath,
    url: '/srv/repo',
    filter: '',
    log,
    onCreate: () => Promise.resolve(),
  });
  onTestFinished(async () => {
    await shared.close();
    await removeTempDir(privatePath);
  });
  const calls: string[] = [];
  const context: SyncContext = {
    root: dir.path,
    spec: v4(flags),
    shared,
    git: {
      run(args) {
        calls.push(args.join(' '));
        return Promise.resolve(args[0] === 'rev-list' ? A : '');
      },
    },
    log,
    emit: () => Promise.resolve(),
  };
  const stale = (needed: readonly string[], keptMs?: number) => staleTrees(context, options(needed, keptMs));
  const cleanUpIn = (needed: readonly string[]) =>
    shared.withRoot({ isThorough: false }, (open) => cleanUp({ ...context, open }, options(needed), signal));
  return { stale, cleanUpIn, calls };
}

describe('stale trees', () => {
  it('are those of both generations that nobody needs', async () => {
    const current = await makeTree(`.worktrees/${A}`);
    const old = [await makeTree(`.worktrees/${B}`), await makeTree(`rev-${C}`), await makeTree(B)];
    expect((await (await setUp()).stale([current])).sort()).toEqual(old.sort());
  });

  it('are whatever lies in .worktrees, which is git-sync’s own', async () => {
    await makeTree(`.worktrees/${A}`);
    await mkdir(dir.join('.worktrees/junk'));
    await writeFile(dir.join('.worktrees/file'), '');
    await symlink('/', dir.join('.worktrees/link'));
    const stale = await (await setUp()).stale([dir.join('.worktrees', A)]);
    expect(stale.sort()).toEqual(['file', 'junk', 'link'].map((name) => dir.join('.worktrees', name)));
  });

  it('are not what somebody else keeps in the root, even if it is named like one', async () => {
    await makeTree(B, { gitDir: '/elsewhere/.git/worktrees/x' });
    await mkdir(dir.join(C));
    await mkdir(dir.join('backups'));
    await makeTree('v1.0');
    expect(await (await setUp()).stale([dir.join('.worktrees', A)])).toEqual([]);
  });

  it('are not what a link in the root leads to, or a hook works in', async () => {
    const [linked, used] = [await makeTree(`.worktrees/${B}`), await makeTree(`.worktrees/${C}`)];
    await symlink(`.worktrees/${B}`, dir.join('other-link'));
    const needed = [dir.join('.worktrees', A), used];
    expect(await (await setUp()).stale(needed)).toEqual([]);
    expect(linked).toContain(B);
  });

  it('are not in a directory that .worktrees is only a link to', async () => {
    await mkdir(dir.join('theirs/tree'), { recursive: true });
    await symlink('theirs', dir.join('.worktrees'));
    expect(await (await setUp()).stale([dir.join('.worktrees', A)])).toEqual([]);
  });

  it('are old enough only after the stale-worktree timeout', async () => {
    const old = await makeTree(`.worktrees/${B}`, { ageMs: 61_000 });
    await makeTree(`.worktrees/${C}`, { ageMs: 30_000 });
    const needed = [dir.join('.worktrees', A)];
    expect(await (await setUp()).stale(needed, 60_000)).toEqual([old]);
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
    const { cleanUpIn, calls } = await setUp([`--git-gc=${mode}`]);
    await cleanUpIn([current]);
    expect(await readdir(dir.join('.worktrees'))).toEqual([A]);
    const protect = `rev-list --no-walk --ignore-missing ${A} --`;
    expect(calls).toEqual(gc === undefined ? [] : [protect, gc]);
  });

  it('asks git nothing when there is nothing to remove', async () => {
    const current = await makeTree(`.worktrees/${A}`);
    const { cleanUpIn, calls } = await setUp();
    await cleanUpIn([current]);
    expect(calls).toEqual([]);
  });
});
