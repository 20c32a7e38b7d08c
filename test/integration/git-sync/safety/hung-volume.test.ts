/** The volume of the root stops answering while git-sync runs, and comes back or not. */
import { once } from 'node:events';
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { PILLION } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { startProgram } from './start-program.ts';
import { makeVersions, syncArguments } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
const isRoot = process.getuid?.() === 0;

/** A sync whose volume can be made to hang, at `directory`; `toggle` says what it does from then on. */
async function startOnVolume(repo: string, directory: string, more: readonly string[]) {
  const root = temp.join('root');
  const flags = [
    '--period=300ms',
    '--sync-timeout=2s',
    '--max-failures=-1',
    '--http-bind=127.0.0.1:0',
    ...more,
  ];
  // One thread of the pool: what hangs takes all of them. A mount namespace of its own, which goes with it.
  const sync = startProgram('unshare', ['-m', PILLION, ...syncArguments({ repo, root, flags })], {
    cwd: temp.path,
    env: { UV_THREADPOOL_SIZE: '1', TMPDIR: temp.path, HOME: temp.path },
  });
  await sync.said(/"msg":"updated successfully"/);
  const endpoint = /"endpoint":"([^"]+)"/.exec(await sync.said(/serving HTTP/))?.[1];
  const live = async () =>
    (await fetch(`http://${endpoint}/livez`, { signal: AbortSignal.timeout(5000) })).status;
  const program = fileURLToPath(new URL('programs/hang-volume.ts', import.meta.url));
  const namespace = `--mount=/proc/${sync.child.pid}/ns/mnt`;
  const volume = startProgram('nsenter', [namespace, process.execPath, program, directory], {
    cwd: temp.path,
  });
  const toggle = async () => {
    const from = volume.lines.length;
    volume.child.stdin.write('\n');
    return volume.said(/hangs|answers|cannot/, from);
  };
  return { root, sync, live, toggle };
}

it.runIf(isRoot)(
  'a volume that hangs fails the pass soon after its limit and later ones at once; the sync goes on when it answers, and SIGTERM ends it when it does not',
  async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const { root, sync, live, toggle } = await startOnVolume(repository.url, temp.join('root'), [
      '--error-file=error.json',
    ]);

    if ((await toggle()) === 'cannot mount') {
      return; // not a machine for this test
    }
    const first = await sync.said(/"code":"volume_hangs"/);
    expect(first).toContain('the pass hangs: it has not ended though its limit of 2s has passed');
    expect(await sync.said(/an earlier pass still hangs/)).toContain('"code":"volume_hangs"');
    expect(await live()).toBe(200);

    expect(await toggle()).toBe('answers');
    await sync.said(/what hung in an earlier pass has come back/);
    const hash = await commitVersion(repository, 2);
    const publishes = async () => path.basename(await readlink(path.join(root, 'link'))) === hash;
    await waitFor(publishes, { what: 'the next commit' });

    const from = sync.lines.length;
    expect(await toggle()).toBe('hangs');
    await sync.said(/an earlier pass still hangs/, from);
    const asked = performance.now();
    sync.child.kill('SIGTERM');
    const [, signal] = await once(sync.child, 'exit');
    expect(performance.now() - asked).toBeLessThan(30_000);
    expect(signal).toBe('SIGTERM');
    expect(sync.lines.join('\n')).not.toContain('internal_error');
  },
);

it.runIf(isRoot)(
  'a volume that hangs in the place of a copy fails the pass in its time, and the process answers all along',
  async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    await repository.commit({ 'd/file': 'one\n', other: 'one\n' });
    const copy = temp.join('root/link');
    const { sync, live, toggle } = await startOnVolume(repository.url, copy, ['--publish=copy']);
    if ((await toggle()) === 'cannot mount') {
      return; // not a machine for this test
    }
    await repository.commit({ 'd/file': 'two\n', other: 'two\n' });
    await sync.said(/"code":"volume_hangs"/);
    expect(await live()).toBe(200);
    expect(await readFile(path.join(copy, 'other'), 'utf8')).toBe('one\n');
    expect(await toggle()).toBe('answers');
    await sync.said(/what hung in an earlier pass has come back/);
    const isCopied = async () => (await readFile(path.join(copy, 'd/file'), 'utf8')) === 'two\n';
    await waitFor(isCopied, { what: 'the next commit' });
    sync.child.kill('SIGTERM');
    await once(sync.child, 'exit');
    expect(sync.lines.join('\n')).not.toContain('internal_error');
  },
);
