import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { runPillion } from '../../../support/pillion.ts';
import { expectNoProcess } from '../../../support/processes.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import {
  expectPublished,
  leftoversIn,
  makeVersions,
  mustSync,
  startReader,
  syncArguments,
  writeProgram,
} from './support.ts';
import { commitVersion } from './tree.ts';

// Many processes one after another: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 400_000 });
const temp = useTempDir();

/**
 * A git that kills the sync at its nth command: before that command, while it goes on without the sync, or when it has
 * ended and the sync does not know yet. `git version` is not counted, since it runs in parallel with the others.
 */
async function installKiller(): Promise<string> {
  return writeProgram(
    temp.join('bin', 'git'),
    `
[ "$1" != version ] || exec "$GIT" "$@"
. "$0.plan"
n=$(( $(cat "$0.count") + 1 ))
echo "$n" >"$0.count"
[ "$n" = "$AT" ] || exec "$GIT" "$@"
case $WHEN in
before) kill -9 $PPID; exit 1 ;;
meanwhile) kill -9 $PPID; exec "$GIT" "$@" ;;
after) "$GIT" "$@"; kill -9 $PPID ;;
esac`,
  );
}

interface KillPlan {
  /** The number of git's start, from 1. */
  readonly at: number;
  readonly when: 'before' | 'meanwhile' | 'after';
}

/** A sync that is killed as planned, if git is started so often, then one that must succeed; whether it was killed. */
async function syncKilledAndAgain(
  killer: string,
  { at, when }: KillPlan,
  options: Parameters<typeof syncArguments>[0],
): Promise<boolean> {
  await writeFile(`${killer}.plan`, `AT=${at} WHEN=${when}\n`);
  await writeFile(`${killer}.count`, '0\n');
  const result = await runPillion([...syncArguments(options), '--one-time']);
  await writeFile(`${killer}.plan`, 'AT=0 WHEN=\n');
  await mustSync(options);
  return result.signal === 'SIGKILL';
}

describe.each(['before', 'meanwhile', 'after'] as const)('killed %s a command of git', (when) => {
  it('publishes the right tree at the next start, whichever command it was, and readers see nothing of it', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const killer = await installKiller();
    const root = temp.join('root');
    const link = temp.join('root', 'link');
    const options = { repo: repository.url, root, flags: [`--git=${killer}`] };
    await mustSync({ repo: repository.url, root });
    const reader = await startReader(link);
    let version = 1;
    let killed = true;
    for (let at = 1; killed; at += 1) {
      version += 1;
      await commitVersion(repository, version);
      killed = await syncKilledAndAgain(killer, { at, when }, options);
      await expectPublished(link, await repository.hash(), version);
      expect(await leftoversIn(root), `after command ${at}`).toEqual([]);
    }
    // Fetch, checkout and tidying are several commands.
    expect(version).toBeGreaterThan(6);
    await reader.finish();
    await expectNoProcess(root);
  });
});

describe('killed while a command of git goes on without it', () => {
  const when = 'meanwhile';

  it('repairs a published tree at the next start, and readers see nothing of it', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const killer = await installKiller();
    const root = temp.join('root');
    const link = temp.join('root', 'link');
    const options = { repo: repository.url, root, flags: [`--git=${killer}`] };
    await mustSync({ repo: repository.url, root });
    const reader = await startReader(link);
    let steps = 0;
    for (let killed = true; killed; ) {
      steps += 1;
      // Not one of the files that are read.
      await writeFile(temp.join('root', 'link', 'only-in-1'), 'edited');
      killed = await syncKilledAndAgain(killer, { at: steps, when }, options);
      await expectPublished(link, await repository.hash(), 1);
      expect(await leftoversIn(root), `after command ${steps}`).toEqual([]);
    }
    expect(steps).toBeGreaterThan(3);
    await reader.finish();
  });

  it('makes a whole first tree at the next start', async () => {
    const repository = await makeVersions(temp.join('repo.git'));
    const killer = await installKiller();
    const root = temp.join('root');
    const options = { repo: repository.url, root, flags: [`--git=${killer}`] };
    let steps = 0;
    for (let killed = true; killed; ) {
      steps += 1;
      await rm(root, { recursive: true, force: true });
      killed = await syncKilledAndAgain(killer, { at: steps, when }, options);
      await expectPublished(temp.join('root', 'link'), await repository.hash(), 1);
    }
    expect(steps).toBeGreaterThan(2);
    expect(await leftoversIn(root)).toEqual([]);
  });
});
