/** The sync of one repository, with real git; and of two in one process. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { createRegistry } from '../../core/metrics/metrics.ts';
import { createSyncMetrics } from '../telemetry.ts';
import type { SyncEvent } from './events.ts';
import type { Candidate } from './gate.ts';
import { makeSyncScene, startSync, syncSpec } from './testing/scene.ts';

const published = async (link: string) => basename(await readlink(link));
const exists = async (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

describe('the sync of one repository', () => {
  it('publishes what the ref is at, and says so', async () => {
    const { repo, link, start } = await makeSyncScene();
    const { syncer, pass, kinds } = await start();
    const hash = await repo.hash();
    expect(await pass()).toEqual({ hash, changed: true, pinned: false });
    expect(await published(link)).toBe(hash);
    expect(await readFile(join(link, 'file'), 'utf8')).toBe('first\n');
    expect(kinds()).toEqual([
      'pass-started',
      'creating-repository',
      'update-required',
      'adding-worktree',
      'resetting-worktree',
      'publishing',
      'published',
      'pass-succeeded',
      'pass-ended',
    ]);
    expect(syncer.status()).toMatchObject({
      publishedHash: hash,
      syncCount: 1,
      failuresInARow: 0,
      passDeadlineAt: undefined,
    });
  });

  it('does nothing while nothing changes, and follows when something does', async () => {
    const { repo, root, link, start } = await makeSyncScene();
    const { syncer, pass, kinds } = await start();
    await pass();
    kinds();
    expect(await pass()).toMatchObject({ changed: false });
    expect(kinds()).toEqual(['pass-started', 'remote-asked', 'up-to-date', 'pass-succeeded', 'pass-ended']);
    const second = await repo.commit({ file: 'second\n' });
    expect(await pass()).toMatchObject({ hash: second, changed: true });
    expect(await published(link)).toBe(second);
    expect(await readdir(join(root, '.worktrees'))).toEqual([second]);
    expect(syncer.status().syncCount).toBe(2);
  });

  it('counts its first success as one although an earlier process has published the same', async () => {
    const { start } = await makeSyncScene();
    const earlier = await start();
    await earlier.pass();
    await earlier.end();
    const { syncer, pass, events } = await start();
    expect(syncer.status()).toMatchObject({ hasEarlierData: true, publishedHash: undefined });
    expect(await pass()).toMatchObject({ changed: false });
    expect(events.find(({ kind }) => kind === 'pass-succeeded')).toMatchObject({ status: 'success' });
    expect(syncer.status().syncCount).toBe(1);
  });

  it('does not take data for its own that was published for another request', async () => {
    const { repo, start } = await makeSyncScene();
    await repo.setBranch('other');
    const earlier = await start();
    await earlier.pass();
    await earlier.end();
    const { syncer } = await start({ follow: { kind: 'ref', ref: 'other' } });
    expect(syncer.status().hasEarlierData).toBe(false);
  });

  it('rejects with advice when it fails, and keeps what is published', async () => {
    const { repo, link, start } = await makeSyncScene();
    const { pass, end } = await start();
    const { hash } = await pass();
    await end();
    const broken = await start({ follow: { kind: 'ref', ref: 'nope' } });
    await expect(broken.pass()).rejects.toMatchObject({
      code: 'ref_not_found',
      hint: expect.stringContaining('--ref'),
    });
    expect(broken.syncer.status()).toMatchObject({
      publishedHash: undefined,
      failuresInARow: 1,
      lastError: { message: expect.stringContaining('nope') },
    });
    expect(await published(link)).toBe(hash);
    await repo.setBranch('nope');
    await broken.pass();
    expect(broken.syncer.status()).toMatchObject({ failuresInARow: 0, publishedHash: hash });
  });

  it('builds again what is missing', async () => {
    const { root, link, start } = await makeSyncScene();
    const { pass } = await start();
    const { hash } = await pass();
    await rm(join(root, '.worktrees', hash), { recursive: true });
    expect(await pass()).toMatchObject({ hash, changed: true });
    expect(await readFile(join(link, 'file'), 'utf8')).toBe('first\n');
  });

  it('tells the readers of an intact worktree again which commit it is, and leaves the link alone', async () => {
    const { root, start } = await makeSyncScene();
    const { pass, kinds } = await start();
    const { hash } = await pass();
    const head = join(root, '.git', 'worktrees', hash, 'HEAD');
    await writeFile(head, `${'b'.repeat(40)}\n`);
    kinds();
    expect(await pass()).toMatchObject({ hash, changed: true });
    expect(kinds()).not.toContain('publishing');
    expect(await readFile(head, 'utf8')).toBe(`${hash}\n`);
  });

  it('replaces a damaged worktree by way of a copy: the link always leads to a complete one', async () => {
    const { root, link, start } = await makeSyncScene();
    const targets: string[] = [];
    const observe = async ({ kind }: SyncEvent) => {
      if (kind === 'adding-worktree') {
        targets.push(await readFile(join(link, 'file'), 'utf8').catch(() => 'none'));
      }
    };
    const { pass, kinds } = await start({}, { observers: [observe] });
    const { hash } = await pass();
    await writeFile(join(root, '.git', 'worktrees', hash, 'HEAD'), `${'b'.repeat(40)}\n`);
    await writeFile(join(root, '.worktrees', hash, 'file'), 'damaged\n');
    kinds();
    expect(await pass()).toMatchObject({ hash, changed: true });
    expect(kinds().filter((kind) => kind === 'publishing')).toHaveLength(2);
    expect(targets).toEqual(['none', 'damaged\n', 'first\n']);
    expect(await readdir(join(root, '.worktrees'))).toEqual([hash]);
    expect(await readFile(join(link, 'file'), 'utf8')).toBe('first\n');
  });

  it('ends early without a failure when it is interrupted', async () => {
    const { join: path, start } = await makeSyncScene();
    const slow = path('slow-git');
    await writeFile(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const { syncer, stop, pass, kinds } = await start({ git: slow });
    const ended = pass();
    stop.abort();
    await expect(ended).rejects.toThrow();
    expect(kinds()).not.toContain('pass-failed');
    expect(syncer.status()).toMatchObject({ failuresInARow: 0, passDeadlineAt: undefined });
  });

  it('publishes though a neighbour has put a link in the place of its records', async () => {
    const { repo, root, link, join: path, start } = await makeSyncScene();
    const { pass } = await start();
    await pass();
    await mkdir(path('outside'));
    await rm(join(root, '.git/pillion/links'), { recursive: true });
    await symlink(path('outside'), join(root, '.git/pillion/links'));
    const hash = await repo.commit({ file: 'second\n' });
    await pass();
    expect(await published(link)).toBe(hash);
    expect(await readdir(path('outside'))).toEqual([]);
  });

  it('fails soon after its time is over when a call hangs for ever, and later ones at once until that comes back', async () => {
    const { join: path, start } = await makeSyncScene();
    const fifo = path('fifo');
    spawnSync('mkfifo', [fifo]);
    // Nothing ends the open of a FIFO but a writer.
    const observe = async ({ kind }: SyncEvent) => {
      if (kind === 'creating-repository') {
        await (await open(fifo)).close();
      }
    };
    const { syncer, pass, kinds } = await start(
      { syncTimeoutMs: 3000 },
      { observers: [observe], unwindMs: 100 },
    );
    const hangs = { code: 'volume_hangs', hint: expect.stringContaining('does not answer') };
    await expect(pass()).rejects.toMatchObject(hangs);
    expect(kinds().slice(-2)).toEqual(['pass-failed', 'pass-ended']);
    const asked = performance.now();
    await expect(pass()).rejects.toMatchObject(hangs);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(kinds()).toEqual(['pass-started', 'pass-failed', 'pass-ended']);
    // What still hangs is told by /livez.
    expect(syncer.status()).toMatchObject({ failuresInARow: 2, passDeadlineAt: expect.any(Number) });
    const writer = openSync(fifo, 'r+');
    await waitFor(() => syncer.status().passDeadlineAt === undefined, {
      what: 'the end of the pass that hung',
    });
    closeSync(writer);
    expect(kinds()).toEqual(['pass-ended']);
  });

  it('fails with advice when its time is over', async () => {
    const { join: path, start } = await makeSyncScene();
    const slow = path('slow-git');
    await writeFile(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const { pass, kinds } = await start({ git: slow, syncTimeoutMs: 200 });
    await expect(pass()).rejects.toMatchObject({
      code: 'sync_timeout',
      hint: expect.stringContaining('--sync-timeout'),
    });
    expect(kinds()).toContain('pass-failed');
  });

  it('names a link path that is taken by something else, and touches it not', async () => {
    const { link, start } = await makeSyncScene();
    await mkdir(join(link, 'mine'), { recursive: true });
    const { pass } = await start();
    await expect(pass()).rejects.toMatchObject({ hint: expect.stringContaining('link') });
    expect((await stat(link)).isDirectory()).toBe(true);
  });

  it('leaves nothing of its own outside the root', async () => {
    const { start, join: path } = await makeSyncScene();
    const runtime = path('runtime');
    await mkdir(runtime);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = runtime;
    try {
      const { pass, end } = await start();
      await pass();
      expect(await readdir(runtime)).toHaveLength(1);
      await end();
      expect(await readdir(runtime)).toEqual([]);
    } finally {
      if (before === undefined) {
        delete process.env.TMPDIR;
      } else {
        process.env.TMPDIR = before;
      }
    }
  });
});

describe('a gate', () => {
  it('sees the complete worktree before any link leads there', async () => {
    const { repo, link, start } = await makeSyncScene();
    const seen: unknown[] = [];
    const check = async ({ hash, path }: Candidate) => {
      seen.push([hash, await readFile(join(path, 'file'), 'utf8'), await exists(link)]);
    };
    const { pass } = await start({}, { gates: [{ check }] });
    await pass();
    await pass();
    expect(seen).toEqual([[await repo.hash(), 'first\n', false]]);
  });

  it('that refuses fails the pass: what is published stays, and the candidate goes', async () => {
    const { repo, root, link, start } = await makeSyncScene();
    let isOpen = true;
    const check = () => (isOpen ? Promise.resolve() : Promise.reject(new Error('not signed')));
    const { pass, kinds } = await start({}, { gates: [{ check }] });
    const first = await pass();
    isOpen = false;
    await repo.commit({ file: 'second\n' });
    kinds();
    await expect(pass()).rejects.toThrow('not signed');
    expect(kinds()).not.toContain('publishing');
    expect(await published(link)).toBe(first.hash);
    expect(await readdir(join(root, '.worktrees'))).toEqual([first.hash]);
    isOpen = true;
    await pass();
    expect(await readFile(join(link, 'file'), 'utf8')).toBe('second\n');
  });

  it('is asked about a worktree that only another link has led to', async () => {
    const { repo, root, start } = await makeSyncScene();
    const { pass, end } = await start();
    const { hash } = await pass();
    await symlink(`.worktrees/${hash}`, join(root, 'kept'));
    await end();
    const seen: string[] = [];
    const check = async (candidate: Candidate) => {
      seen.push(candidate.hash);
    };
    await (await start({ link: 'second' }, { gates: [{ check }] })).pass();
    expect(seen).toEqual([await repo.hash()]);
  });
});

describe('retention', () => {
  it('decides which old worktrees stay', async () => {
    const { repo, root, start } = await makeSyncScene();
    const { pass } = await start({}, { retention: (trees) => new Set(trees.map(({ path }) => path)) });
    const first = await pass();
    const second = await repo.commit({ file: 'second\n' });
    await pass();
    expect((await readdir(join(root, '.worktrees'))).toSorted()).toEqual([first.hash, second].toSorted());
  });
});

describe('what follows from a sync', () => {
  it('touches the touch-file on change only', async () => {
    const { repo, root, start } = await makeSyncScene();
    const { pass } = await start({ touchFile: 'touched' });
    const touched = join(root, 'touched');
    await pass();
    await rm(touched);
    await pass();
    expect(await exists(touched)).toBe(false);
    await repo.commit({ file: 'second\n' });
    await pass();
    expect(await exists(touched)).toBe(true);
  });

  it('runs hooks in the published worktree, and tells how they ended', async () => {
    const { join: path, start } = await makeSyncScene();
    const program = path('hook');
    const seen = path('seen');
    await writeFile(program, `#!/bin/sh\necho "$GITSYNC_HASH $(cat file)" >> ${seen}\n`, { mode: 0o755 });
    const exechook = { command: program, timeoutMs: 30_000, backoffMs: 1000 };
    const { syncer, pass, events } = await start({ exechook, oneTime: true });
    const { hash } = await pass();
    expect(await syncer.failedHooks()).toEqual([]);
    expect(await readFile(seen, 'utf8')).toBe(`${hash} first\n`);
    expect(events).toContainEqual({ kind: 'hook-ended', hook: 'exechook', status: 'success' });
  });

  it('knows when a hook failed', async () => {
    const { start } = await makeSyncScene();
    const exechook = { command: 'false', timeoutMs: 30_000, backoffMs: 1000 };
    const { syncer, pass } = await start({ exechook, oneTime: true });
    await pass();
    expect(await syncer.failedHooks()).toEqual(['exechook']);
  });
});

describe('two syncs in one process', () => {
  it('keep two roots in sync side by side, each with its own status, credentials and metrics', async () => {
    const [a, b] = [await makeSyncScene(), await makeSyncScene()];
    await b.repo.commit({ file: 'other\n' });
    const registry = createRegistry();
    const syncs = await Promise.all(
      [a, b].map((scene, index) =>
        startSync(syncSpec({ repo: scene.repo.url, root: scene.root }), {
          observers: [createSyncMetrics(registry, index === 0 ? 'a' : 'b')],
        }),
      ),
    );
    await Promise.all(syncs.map((sync) => sync.pass()));
    await a.repo.commit({ file: 'second\n' });
    await Promise.all(syncs.map((sync) => sync.pass()));
    expect(await readFile(join(a.link, 'file'), 'utf8')).toBe('second\n');
    expect(await readFile(join(b.link, 'file'), 'utf8')).toBe('other\n');
    expect(syncs.map(({ syncer }) => syncer.status().syncCount)).toEqual([2, 1]);
    const lines = (await registry.scrape()).body.split('\n');
    expect(lines).toContain('git_sync_count_total{repository="a",status="success"} 2');
    expect(lines).toContain('git_sync_count_total{repository="b",status="success"} 1');
    expect(lines).toContain('git_sync_count_total{repository="b",status="noop"} 1');
    expect(lines).toContain(`git_sync_published_info{repository="b",hash="${await b.repo.hash()}"} 1`);
    await syncs[0]?.end();
    await b.repo.commit({ file: 'third\n' });
    await syncs[1]?.pass();
    expect(await readFile(join(b.link, 'file'), 'utf8')).toBe('third\n');
  });
});
