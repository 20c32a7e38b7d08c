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
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
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
    await (kind === 'a file' ? writeFile(path, 'mine') : mkdir(path));
    await expect(readPublished(path)).rejects.toMatchObject({
      code: 'link_not_symlink',
      hint: expect.stringContaining('--link'),
    });
  });
});

describe('publishing', () => {
  it('makes a relative link, and the directory it is to be in', async () => {
    await mkdir(dir.join('root/.worktrees/x'), { recursive: true });
    await publish(dir.join('root/link'), dir.join('root/.worktrees/x'), log);
    await publish(dir.join('a/b/link'), dir.join('root/.worktrees/x'), log);
    expect(await readlink(dir.join('root/link'))).toBe('.worktrees/x');
    expect(await readlink(dir.join('a/b/link'))).toBe('../../root/.worktrees/x');
    expect(await readdir(dir.join('a/b'))).toEqual(['link']);
  });

  it('replaces the link in one step: it is never away', async () => {
    await symlink('old', dir.join('link'));
    let missing = 0;
    let looks = 0;
    const writing = new AbortController();
    const watch = (async () => {
      while (!writing.signal.aborted) {
        looks += 1;
        missing += await lstat(dir.join('link')).then(
          () => 0,
          () => 1,
        );
      }
    })();
    for (let round = 0; round < 50; round += 1) {
      await publish(dir.join('link'), dir.join(`tree-${round}`), log);
    }
    writing.abort();
    await watch;
    expect(looks).toBeGreaterThan(10);
    expect(missing).toBe(0);
    expect(await readlink(dir.join('link'))).toBe('tree-49');
  });

  it('touches neither what the old link led to nor files beside it', async () => {
    await mkdir(dir.join('theirs'));
    await writeFile(dir.join('theirs/file'), 'x');
    await writeFile(dir.join('tmp-link'), 'mine');
    await symlink('theirs', dir.join('link'));
    await publish(dir.join('link'), dir.join('tree'), log);
    expect(await readFile(dir.join('theirs/file'), 'utf8')).toBe('x');
    expect(await readFile(dir.join('tmp-link'), 'utf8')).toBe('mine');
  });
});

describe('a tree that is no longer published', () => {
  it('is as old as that', async () => {
    await mkdir(dir.join('tree'));
    await utimes(dir.join('tree'), 1, 1);
    await markStale(dir.join('tree'));
    expect(Date.now() - (await stat(dir.join('tree'))).mtimeMs).toBeLessThan(60_000);
    await markStale(dir.join('gone'));
  });
});
