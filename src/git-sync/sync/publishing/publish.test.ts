import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { temporaryName } from '../../../core/files.ts';
import { withForeignRoot } from '../../../core/foreign-files/directory.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { markStale, publish, readPublished } from './publish.ts';

const dir = useTempDir();
const { log } = createRecordedLog();

describe('reading what is published', () => {
  it('gives the absolute path the link leads to, also when nothing is there any more', async () => {
    await mkdir(dir.join('sub'));
    await symlink('../root/.worktrees/x', dir.join('sub/link'));
    expect(await readPublished(dir.join('sub/link'))).toBe(dir.join('root/.worktrees/x'));
    await symlink('/elsewhere', dir.join('absolute'));
    expect(await readPublished(dir.join('absolute'))).toBe('/elsewhere');
  });

  it('gives nothing when there is no link, nor a directory for it', async () => {
    expect(await readPublished(dir.join('link'))).toBeUndefined();
    expect(await readPublished(dir.join('no/where/link'))).toBeUndefined();
  });

  it.each(['a file', 'a directory'])('refuses %s in its place, with advice', async (kind) => {
    const path = dir.join('link');
    await (kind === 'a file' ? writeFile(path, 'mine') : mkdir(join(path, 'mine'), { recursive: true }));
    await expect(readPublished(path)).rejects.toMatchObject({
      code: 'link_not_symlink',
      hint: expect.stringContaining('--link'),
    });
  });
});

describe('publishing', () => {
  it('replaces an empty directory, which holds nothing that could be lost', async () => {
    await mkdir(dir.join('link'));
    expect(await readPublished(dir.join('link'))).toBeUndefined();
    await publish(dir.path, dir.join('link'), dir.join('tree'), log);
    expect(await readlink(dir.join('link'))).toBe('tree');
  });

  it('leaves a directory that something was put into in the meantime', async () => {
    await mkdir(dir.join('link/mine'), { recursive: true });
    await expect(publish(dir.path, dir.join('link'), dir.join('tree'), log)).rejects.toMatchObject({
      code: 'link_not_symlink',
    });
    expect(await readdir(dir.join('link'))).toEqual(['mine']);
  });

  it('makes a relative link, and the directory it is to be in', async () => {
    await mkdir(dir.join('root/.worktrees/x'), { recursive: true });
    await publish(dir.join('root'), dir.join('root/link'), dir.join('root/.worktrees/x'), log);
    await publish(dir.join('root'), dir.join('a/b/link'), dir.join('root/.worktrees/x'), log);
    expect(await readlink(dir.join('root/link'))).toBe('.worktrees/x');
    expect(await readlink(dir.join('a/b/link'))).toBe('../../root/.worktrees/x');
    expect(await readdir(dir.join('a/b'))).toEqual(['link']);
  });

  it('replaces the link in one step: it is never away', async () => {
    await symlink('old', dir.join('link'));
    let missing = 0;
    let reads = 0;
    const writing = new AbortController();
    const watch = (async () => {
      while (!writing.signal.aborted) {
        reads += 1;
        missing += await lstat(dir.join('link')).then(
          () => 0,
          () => 1,
        );
      }
    })();
    for (let round = 0; round < 50; round += 1) {
      await publish(dir.path, dir.join('link'), dir.join(`tree-${round}`), log);
    }
    writing.abort();
    await watch;
    expect(reads).toBeGreaterThan(10);
    expect(missing).toBe(0);
    expect(await readlink(dir.join('link'))).toBe('tree-49');
  });

  it('touches neither what the old link led to nor files next to it', async () => {
    await mkdir(dir.join('theirs'));
    await writeFile(dir.join('theirs/file'), 'x');
    await writeFile(dir.join('tmp-link'), 'mine');
    await symlink('theirs', dir.join('link'));
    await publish(dir.path, dir.join('link'), dir.join('tree'), log);
    expect(await readFile(dir.join('theirs/file'), 'utf8')).toBe('x');
    expect(await readFile(dir.join('tmp-link'), 'utf8')).toBe('mine');
  });
});

describe('a neighbour who leads the way to the link elsewhere', () => {
  it('gets no link there, and nothing of it is removed', async () => {
    await mkdir(dir.join('root'));
    await mkdir(dir.join('outside'));
    const leftover = temporaryName('link');
    await writeFile(dir.join('outside', leftover), '');
    await symlink('theirs', dir.join('outside/link'));
    await symlink(dir.join('outside'), dir.join('root/sub'));
    await expect(
      publish(dir.join('root'), dir.join('root/sub/link'), dir.join('root/tree'), log),
    ).rejects.toMatchObject({ code: 'not_a_directory' });
    expect((await readdir(dir.join('outside'))).toSorted()).toEqual([leftover, 'link'].toSorted());
    expect(await readlink(dir.join('outside/link'))).toBe('theirs');
  });

  it.each(['fifo', 'socket'])('and a %s in the place of the link is told, not waited for', async (kind) => {
    const path = dir.join('link');
    if (kind === 'fifo') {
      execFileSync('mkfifo', [path]);
    } else {
      const server = createServer().listen(path);
      await once(server, 'listening');
      onTestFinished(() => void server.close());
    }
    await expect(readPublished(path)).rejects.toMatchObject({ code: 'link_not_symlink' });
    await expect(publish(dir.path, path, dir.join('tree'), log)).rejects.toMatchObject({
      code: 'link_not_symlink',
    });
  });
});

describe('a tree that is no longer published', () => {
  it('is not one outside, where a link leads', async () => {
    await mkdir(dir.join('outside/tree'), { recursive: true });
    await utimes(dir.join('outside/tree'), 1, 1);
    await mkdir(dir.join('root'));
    await symlink(dir.join('outside'), dir.join('root/.worktrees'));
    await symlink(dir.join('outside/tree'), dir.join('root/tree'));
    await withForeignRoot(dir.join('root'), async (root) => {
      await markStale(root, '.worktrees/tree');
      await markStale(root, 'tree');
    });
    expect((await stat(dir.join('outside/tree'))).mtimeMs).toBe(1000);
  });

  it('is as old as that', async () => {
    await mkdir(dir.join('tree'));
    await utimes(dir.join('tree'), 1, 1);
    await withForeignRoot(dir.path, async (root) => {
      await markStale(root, 'tree');
      await markStale(root, 'gone');
    });
    expect(Date.now() - (await stat(dir.join('tree'))).mtimeMs).toBeLessThan(60_000);
  });
});
