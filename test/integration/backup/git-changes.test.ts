/** A volume that changes while git reads it: nothing torn is ever pushed. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTree, run, succeed, writeTree } from '../../support/backup/program.ts';
import { runProgram } from '../../support/run-program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const volume = () => dir.join('volume');
const repository = () => `git+file://${dir.join('data.git')}#data`;

const commits = async (): Promise<number> => {
  const output = await runProgram('git', ['-C', dir.join('data.git'), 'rev-list', '--count', '--all']);
  return Number(output.trim());
};

/** A `git` around whose reading of the volume a command runs in the volume, so often as it is told. */
async function pathWhere(times: number, before: string, after: string): Promise<string> {
  await mkdir(dir.join('bin'));
  const real = (await runProgram('sh', ['-c', 'command -v git'])).trim();
  const script = `#!/bin/sh
case " $* " in *" fast-import "*)
  if test -s ${dir.join('times')}; then
    sed -i 1d ${dir.join('times')}
    (cd ${volume()}; ${before})
    ${real} "$@"; code=$?
    (cd ${volume()}; ${after})
    exit $code
  fi ;;
esac
exec ${real} "$@"
`;
  await writeFile(dir.join('times'), 'x\n'.repeat(times));
  await writeFile(dir.join('bin/git'), script);
  await chmod(dir.join('bin/git'), 0o755);
  return `${dir.join('bin')}:${process.env['PATH']}`;
}

async function restored(): Promise<unknown> {
  await mkdir(dir.join('restored'));
  const { code, stderr } = await run(['restore'], { volume: dir.join('restored'), repository: repository() });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('given up')]);
  return await readTree(dir.join('restored'));
}

const backUp = (env: Readonly<Record<string, string>>, ...flags: readonly string[]) =>
  run(['backup', 'now'], { volume: volume(), repository: repository(), env, flags });

beforeEach(async () => {
  await writeTree(volume(), { a: 'first', b: 'first', 'sub/c': 'first' });
  await succeed(['backup', 'now'], { volume: volume(), repository: repository(), flags: ['--init'] });
  await writeTree(volume(), { b: 'second' });
});

describe('a volume that changes while git reads it', () => {
  it.each([
    ['a file that vanishes', 'rm b', 'true', { a: 'first', 'sub/c': 'first' }],
    ['a directory that vanishes', 'rm -r sub', 'true', { a: 'first', b: 'second' }],
    [
      'a file that was read before',
      'true',
      'echo -n third > a',
      { a: 'third', b: 'second', 'sub/c': 'first' },
    ],
    [
      'a file that comes',
      'true',
      'echo -n third > sub/d',
      { a: 'first', b: 'second', 'sub/c': 'first', 'sub/d': 'third' },
    ],
    ['a file that grows', 'echo -n third >> b', 'true', { a: 'first', b: 'secondthird', 'sub/c': 'first' }],
  ])('is read again for %s, and one whole snapshot is pushed', async (_, before, after, expected) => {
    const stored = await backUp({ PATH: await pathWhere(1, before, after) });
    expect([stored.code, stored.stderr]).toEqual([0, expect.stringContaining('reading it again')]);
    expect(await commits()).toBe(2);
    expect(await restored()).toEqual(expected);
  });

  it('is refused when it does not come to rest, and the branch stays as it was', async () => {
    const other = `echo -n third > $(test -s ${dir.join('times')} && echo a || echo sub/c)`;
    const PATH = await pathWhere(2, 'true', other);
    const { code, stderr } = await backUp({ PATH }, '--attempts', '2');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the volume changed while it was read')]);
    expect(stderr).not.toContain('stay in the repository');
    expect(await commits()).toBe(1);
    expect((await backUp({ PATH })).code).toBe(0);
    expect(await commits()).toBe(2);
  });
});
