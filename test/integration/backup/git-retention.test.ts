/** What rules do not keep is removed from a branch on a real server, which shows the rest as any history. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTree, run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { type HttpGitServer, startHttpGitServer } from '../../support/http-git-server.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

/** More of them for a longer search. */
const KILLS = Number(process.env['PILLION_KILLS'] ?? 4);
const dir = useTempDir();
const volume = () => dir.join('volume');
const bare = () => dir.join('repositories/data.git');
const git = async (...args: readonly string[]) => (await runProgram('git', ['-C', bare(), ...args])).trim();
const lines = (text: string) => text.split('\n').filter(Boolean);
let server: HttpGitServer;

beforeEach(async () => {
  await mkdir(dir.join('repositories'));
  spawnSync('git', ['init', '-q', '--bare', bare()]);
  await git('config', 'http.receivepack', 'true');
  server = await startHttpGitServer({ root: dir.join('repositories'), users: new Map([['me', 'p4ss']]) });
});
afterEach(() => server.stop());

const repository = () => `git+${server.repositoryUrl('data.git', { name: 'me', password: 'p4ss' })}#data`;
const command = () => ({ volume: volume(), repository: repository() });

/** Contents of `a`, each backed up after the other. */
async function backUp(contents: readonly string[], ...flags: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const a of contents) {
    await writeTree(volume(), { a, same: 'the same' });
    const stdout = await succeed(['backup', 'now'], { ...command(), flags });
    ids.push(JSON.parse(stdout).snapshot);
  }
  return ids;
}

const listed = async () =>
  JSON.parse(await succeed(['backup', 'snapshots'], { ...command(), flags: ['-o', 'json'] })) as {
    readonly id: string;
  }[];

async function restored(flags: readonly string[] = []): Promise<unknown> {
  const target = dir.join('restored');
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  await succeed(['restore'], { volume: target, repository: repository(), flags });
  return await readTree(target);
}

describe('retention in git', () => {
  it('leaves the newest snapshots, each as it was, readable by a plain clone', async () => {
    await backUp(['1', '2', '3', '4']);
    const [last] = await backUp(['5'], '--keep-last', '2');
    expect(await git('rev-parse', 'data')).toBe(last);
    expect((await listed()).map(({ id }) => id)).toEqual(lines(await git('rev-list', 'data')));
    const clone = dir.join('clone');
    await runProgram('git', ['clone', '-q', '-b', 'data', bare(), clone]);
    expect(await readFile(`${clone}/a`, 'utf8')).toBe('5');
    expect(lines(await runProgram('git', ['-C', clone, 'log', '--format=%h']))).toHaveLength(2);
    expect(await runProgram('git', ['-C', clone, 'show', 'HEAD^:a'])).toBe('4');
    expect(await restored()).toEqual({ a: '5', same: 'the same' });
    const [, older] = await listed();
    expect(await restored(['--snapshot', older?.id ?? ''])).toEqual({ a: '4', same: 'the same' });
    await succeed(['backup', 'verify'], command());
    await succeed(['backup', 'drill'], command());
  });

  it('goes on with each backup, and gives a server without the old ones room when it collects', async () => {
    await backUp(['1', '2', '3', '4', '5'], '--keep-last', '2');
    expect(lines(await git('rev-list', 'data'))).toHaveLength(2);
    await git('reflog', 'expire', '--expire=now', '--all');
    await git('gc', '--quiet', '--prune=now');
    await git('fsck', '--strict');
    expect(await restored()).toEqual({ a: '5', same: 'the same' });
    await backUp(['6'], '--keep-last', '2');
    expect(await git('show', 'data:a', 'data^:a')).toBe('65');
  });

  it('sends nothing but commits for it', async () => {
    await writeTree(volume(), { large: 'x'.repeat(100_000) });
    await backUp(['1', '2', '3']);
    const before = new Set(
      lines(await git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)')),
    );
    await writeTree(volume(), { a: '4' });
    await git('config', 'transfer.unpackLimit', '100000');
    await succeed(['backup', 'now'], { ...command(), flags: ['--keep-last', '2'] });
    const all = lines(
      await git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'),
    );
    const types = all.filter((line) => !before.has(line.slice(0, 40))).map((line) => line.slice(41));
    // The backup itself: a file, two of ours, two trees and a commit; then the two commits that stay.
    expect(types.filter((type) => type === 'commit')).toHaveLength(3);
    expect(types.filter((type) => type === 'blob').length).toBeLessThanOrEqual(3);
  });

  it('leaves alone what somebody else has committed, and all below it', async () => {
    const tree = await git('hash-object', '-t', 'tree', '-w', '/dev/null');
    const env = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
    const theirs = await git(...env, 'commit-tree', '-m', 'of somebody else', tree);
    await git('update-ref', 'refs/heads/data', theirs);
    await backUp(['1', '2'], '--allow-unmarked', '--keep-last', '1');
    await writeTree(volume(), { a: '3' });
    const stdout = await succeed(['backup', 'now'], { ...command(), flags: ['--keep-last', '1'] });
    expect(JSON.parse(stdout)).toMatchObject({ removed: 1 });
    expect(lines(await git('log', '--format=%s', 'data'))).toEqual([
      expect.stringContaining('Backup of data'),
      'of somebody else',
    ]);
    expect(await restored()).toEqual({ a: '3', same: 'the same' });
  });

  it('keeps the snapshot of a volume that has not changed, and those that the rules keep in addition', async () => {
    await backUp(['1', '2', '2', '2', '2'], '--keep-last', '2');
    expect((await listed()).length).toBe(2);
  });

  it('is refused in words by a server that lets nobody replace a branch; the backup is there', async () => {
    await git('config', 'receive.denyNonFastForwards', 'true');
    await backUp(['1', '2']);
    await writeTree(volume(), { a: '3' });
    const { code, stderr } = await run(['backup', 'now'], { ...command(), flags: ['--keep-last', '1'] });
    expect([code, stderr]).toEqual([1, expect.stringContaining('forget_refused')]);
    expect(lines(await git('rev-list', 'data'))).toHaveLength(3);
    expect(await git('show', 'data:a')).toBe('3');
  });

  it('gives way to somebody who pushes at the same moment', async () => {
    await backUp(['1', '2']);
    const real = (await runProgram('sh', ['-c', 'command -v git'])).trim();
    await mkdir(dir.join('bin'));
    const theirs = `tree=$(${real} --git-dir=${bare()} mktree </dev/null)
  commit=$(env -i PATH="$PATH" HOME=/nowhere ${real} --git-dir=${bare()} -c user.name=x -c user.email=x commit-tree -p data -m theirs $tree)
  ${real} --git-dir=${bare()} update-ref refs/heads/data $commit`;
    const script = `#!/bin/sh\nif test -n "$GIT_GRAFT_FILE"; then\n  (unset GIT_DIR GIT_GRAFT_FILE; ${theirs})\nfi\nexec ${real} "$@"\n`;
    await writeFile(dir.join('bin/git'), script, { mode: 0o755 });
    await writeTree(volume(), { a: '3' });
    const env = { PATH: `${dir.join('bin')}:${process.env['PATH']}` };
    const { code, stderr } = await run(['backup', 'now'], { ...command(), env, flags: ['--keep-last', '1'] });
    expect([code, stderr]).toEqual([1, expect.stringContaining('somebody else has pushed')]);
    expect(lines(await git('log', '--format=%s', 'data'))).toHaveLength(4);
  });

  it('killed at any moment leaves a whole history that ends in what was stored last', async () => {
    const flags = ['--keep-last', '2'];
    let began = performance.now();
    await backUp(['1', '2', '3'], ...flags);
    let wholeMs = (performance.now() - began) / 3;
    let interrupted = 0;
    for (let number = 0; number < KILLS; number += 1) {
      const before = await git('show', 'data:a');
      await writeTree(volume(), { a: `changed ${number}` });
      began = performance.now();
      const running = await start(['backup', 'now'], { ...command(), flags });
      const timer = setTimeout(
        () => running.signal('SIGKILL'),
        wholeMs * (0.5 + (0.5 * (number + 0.5)) / KILLS),
      );
      const { code } = await running.exit;
      clearTimeout(timer);
      await running.stop();
      wholeMs = code === 0 ? performance.now() - began : wholeMs;
      interrupted += code === 0 ? 0 : 1;
      await git('fsck', '--strict', '--connectivity-only');
      expect([before, `changed ${number}`]).toContain(await git('show', 'data:a'));
      expect(lines(await git('rev-list', 'data')).length).toBeGreaterThanOrEqual(2);
    }
    expect(interrupted).toBeGreaterThan(0);
    await backUp(['last'], ...flags);
    expect(lines(await git('rev-list', 'data'))).toHaveLength(2);
    await succeed(['backup', 'drill'], command());
  });
});
