/** Somebody else pushes to the branch of a volume just before its backup does. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTree, run, succeed, writeTree } from '../../support/backup/program.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const remote = () => dir.join('data.git');
const git = async (...args: readonly string[]) => (await runProgram('git', ['-C', remote(), ...args])).trim();

/** A `git` that lets somebody else push first, so often as there are lines in `races`. */
async function racingPath(): Promise<string> {
  await mkdir(dir.join('bin'));
  const real = (await runProgram('sh', ['-c', 'command -v git'])).trim();
  const theirs = `
if test -s ${dir.join('races')}; then
  case " $* " in *" push "*)
    sed -i 1d ${dir.join('races')}
    env -i PATH="$PATH" HOME=/nowhere sh -c '
      tree=$(${real} --git-dir=${remote()} mktree </dev/null)
      commit=$(${real} --git-dir=${remote()} -c user.name=x -c user.email=x commit-tree -p data -m "of somebody else $$" $tree)
      ${real} --git-dir=${remote()} update-ref refs/heads/data $commit' ;;
  esac
fi
exec ${real} "$@"
`;
  await writeFile(dir.join('bin/git'), `#!/bin/sh${theirs}`);
  await chmod(dir.join('bin/git'), 0o755);
  return `${dir.join('bin')}:${process.env['PATH']}`;
}

async function scene(races: number, ...flags: readonly string[]) {
  const volume = dir.join('volume');
  const repository = `git+file://${remote()}#data`;
  await writeTree(volume, { a: 'first' });
  await succeed(['backup', 'now'], { volume, repository, flags: ['--init'] });
  await writeTree(volume, { a: 'second' });
  await writeFile(dir.join('races'), 'x\n'.repeat(races));
  const env = { PATH: await racingPath() };
  const command = { volume, repository };
  return { ...command, ...(await run(['backup', 'now'], { ...command, env, flags })) };
}

const subjects = async (branch: string) => (await git('log', '--format=%s', branch)).split('\n');

describe('a push of somebody else just before that of a backup', () => {
  it('fails it, and the next one goes on behind them', async () => {
    const { code, stderr, volume, repository } = await scene(1);
    expect([code, stderr]).toEqual([1, expect.stringContaining('somebody else has pushed')]);
    expect(await subjects('data')).toEqual([
      expect.stringContaining('of somebody else'),
      expect.stringContaining('Backup of data'),
    ]);
    await succeed(['backup', 'now'], { volume, repository });
    expect((await subjects('data'))[0]).toContain('Backup of data');
  });

  it('leads to a branch of its own with --on-push-race=branch', async () => {
    const { code, stderr, stdout } = await scene(1, '--on-push-race=branch');
    expect([code, stderr]).toEqual([0, expect.stringContaining('has a branch of its own')]);
    expect((await subjects('data'))[0]).toContain('of somebody else');
    const branches = (await git('branch', '--format=%(refname:short)')).split('\n');
    const own = branches.find((branch) => branch.startsWith('data-')) ?? '';
    expect(await git('rev-parse', own)).toBe(JSON.parse(stdout).snapshot);
    const restored = dir.join('restored');
    await mkdir(restored);
    const repository = `git+file://${remote()}#${own}`;
    await succeed(['restore'], { volume: restored, repository });
    expect(await readTree(restored)).toEqual({ a: 'second' });
  });

  it('is overwritten with --on-push-race=overwrite, also a second one', async () => {
    const { code, stderr, volume, repository } = await scene(2, '--on-push-race=overwrite');
    expect([code, stderr]).toEqual([0, expect.stringContaining('it was overwritten')]);
    expect(await subjects('data')).toEqual([
      expect.stringContaining('Backup of data'),
      expect.stringContaining('Backup of data'),
    ]);
    await succeed(['backup', 'drill'], { volume, repository });
    await writeTree(volume, { [path.join('sub', 'b')]: 'third' });
    await succeed(['backup', 'now'], { volume, repository });
  });

  it('that never ends is given way to', async () => {
    const { code, stderr } = await scene(9, '--on-push-race=overwrite');
    expect([code, stderr]).toEqual([1, expect.stringContaining('somebody else has pushed')]);
  });
});
