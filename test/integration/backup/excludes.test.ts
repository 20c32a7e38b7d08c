/** What --exclude leaves out is the same for all engines, and for the manifest. */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

const dir = useTempDir();
const volume = () => dir.join('volume');
const ENGINES: readonly (readonly [string, () => string])[] = [
  ['dir', () => `dir:${dir.join('repository')}`],
  ...(restic18() === undefined ? [] : ([['restic', () => dir.join('repository')]] as const)),
];

/** A pattern, what it leaves out, and what it does not. */
const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['*.log', ['01/x.log', 'y.log'], ['01/x.logs']],
  ['./02/a', ['02/a/deep'], ['02/x/02/a']],
  ['03/./b//c/', ['03/b/c'], ['03/b/d']],
  ['04/**/**/z', ['04/z', '04/p/z', '04/p/q/z'], ['04/zz']],
  ['05/**/m/**/n', ['05/m/n', '05/p/m/q/n'], ['05/n']],
  ['06/c/**', ['06/c/x', '06/c/y/z'], ['06/cc']],
  ['**/07', ['07/x', 'p/07/x'], ['p/077']],
  ['08/at end ', ['08/at end '], ['08/at end']],
  ['09/line\nend', ['09/line\nend'], ['09/line', '09/end']],
  ['10/$HOME', ['10/$HOME'], ['10/HOME']],
  ['11/[a]\\b', ['11/[a]\\b'], ['11/a\\b', '11/[a]b']],
  ['12/?', ['12/ä'], ['12/ab']],
  ['13/#*', ['13/#x'], ['13/x']],
  ['14/\u2003', ['14/\u2003'], ['14/x']],
  ['15/*??', ['15/ab', '15/a€'], ['15/€', '15/a']],
];
/** Names that are not UTF-8: a pattern, what it leaves out, and what it does not. */
const BYTES: readonly (readonly [string, string, string])[] = [
  ['20/e??', 'e\xe2\x80', 'e\xe2'],
  ['21/*\ufffd', '\xef\xbf\xbd', 'c\xff'],
];

const treeOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'x']));

describe.each(ENGINES)(`patterns, with %s (restic is left out when ${NO_RESTIC})`, (_, place) => {
  it('leave out what they say and nothing else, and what is stored can be restored', async () => {
    const stays = CASES.flatMap(([, , names]) => names);
    await mkdir(volume());
    await writeTree(volume(), treeOf([...CASES.flatMap(([, names]) => names), ...stays]));
    for (const [pattern, out, kept] of BYTES) {
      const folder = path.join(volume(), path.dirname(pattern));
      await mkdir(folder);
      for (const name of [out, kept]) {
        await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), 'x');
      }
    }
    const flags = [...CASES, ...BYTES].flatMap(([pattern]) => ['--exclude', pattern]);
    const repository = place();
    const made = { volume: volume(), repository, flags: ['--init', ...flags] };
    const { code, stderr } = await run(['backup', 'now'], made);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('"level":"error"')]);
    await mkdir(dir.join('restored'));
    await succeed(['restore'], { volume: dir.join('restored'), repository });
    const ofBytes = await Promise.all(
      BYTES.map(async ([pattern]) => readdir(dir.join('restored', path.dirname(pattern)), 'latin1')),
    );
    expect(ofBytes).toEqual(BYTES.map(([, , kept]) => [kept]));
    const entries = await readdir(dir.join('restored'), { recursive: true, withFileTypes: true });
    const found = entries
      .filter((entry) => entry.isFile() && !/\/(?:2\d|\.pillion)$/.test(entry.parentPath))
      .map((entry) => path.relative(dir.join('restored'), path.join(entry.parentPath, entry.name)));
    expect(found.toSorted()).toEqual(stays.toSorted());
  });

  it.each(['', '/', '.', '../x', 'a/../b'])(
    'such as %j are refused before anything is stored',
    async (pattern) => {
      await mkdir(volume());
      await writeTree(volume(), { a: 'a' });
      const flags = ['--init', '--exclude', pattern];
      const { code, stderr } = await run(['backup', 'now'], { volume: volume(), repository: place(), flags });
      expect([code, stderr]).toEqual([2, expect.stringContaining('--exclude')]);
      expect(await readdir(dir.path)).toEqual(['volume']);
    },
  );
});

const REAL = restic18();
/** A restic that stores less than it was told. */
const FORGETFUL = `#!/bin/sh
case " $* " in *" backup "*) exec REAL --exclude '*/b' "$@" ;; esac
exec REAL "$@"
`;

describe.skipIf(REAL === undefined)(
  `a snapshot with less in it than the volume (skipped when ${NO_RESTIC})`,
  () => {
    it('is told, and does not stay in the repository', async () => {
      await mkdir(volume());
      await writeTree(volume(), { a: 'a', b: 'b' });
      const command = { volume: volume(), repository: dir.join('repository') };
      await succeed(['backup', 'now'], { ...command, flags: ['--init'] });
      await mkdir(dir.join('bin'));
      await writeFile(dir.join('bin/restic'), FORGETFUL.replaceAll('REAL', REAL ?? ''));
      await chmod(dir.join('bin/restic'), 0o755);
      await writeTree(volume(), { a: 'new' });
      const env = { PATH: `${dir.join('bin')}:${process.env['PATH']}` };
      const { code, stderr } = await run(['backup', 'now'], { ...command, env });
      expect([code, stderr]).toEqual([1, expect.stringContaining('read_back_failed')]);
      const listed = await succeed(['backup', 'snapshots'], { ...command, flags: ['-o', 'json'] });
      expect(JSON.parse(listed)).toHaveLength(1);
    });
  },
);
