/**
 * `npm run bench -- backup [--quick] [--write]`: restore and backup compared with restic alone, on the same volume and disk, with a
 * repository each. Pillion does more: it describes and hashes the volume, reads back, stages, compares and syncs.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { NO_RESTIC, restic18 } from '../../test/support/backup/restic.ts';
import { spreadDirectories } from '../disk.ts';
import { publish } from '../table.ts';
import { measure, type Taken } from './measure.ts';
import { changeTree, makeTree, type TreeSize } from './tree.ts';

const isQuick = process.argv.includes('--quick');
const size: TreeSize = isQuick
  ? { files: 10_000, bytes: 256 * 2 ** 20 }
  : { files: 100_000, bytes: 2 * 2 ** 30 };

const restic = restic18();
if (restic === undefined) {
  console.log(`not measured: ${NO_RESTIC}`);
  process.exit(0);
}
const scratch = mkdtempSync(join(process.env['PILLION_BENCH_DIR'] ?? tmpdir(), 'pillion-bench-'));
spreadDirectories(scratch);
const at = (...names: string[]) => join(scratch, ...names);
const volume = at('volume');
mkdirSync(at('programs'));
/** Counts the calls. */
writeFileSync(at('programs/restic'), `#!/bin/sh\necho "$*" >> ${at('calls')}\nexec ${restic} "$@"\n`);
chmodSync(at('programs/restic'), 0o755);
const env = {
  PATH: `${at('programs')}:${dirname(process.execPath)}:${process.env['PATH']}`,
  HOME: scratch,
  TMPDIR: scratch,
  RESTIC_PASSWORD: 'bench',
  RESTIC_CACHE_DIR: at('cache'),
};

const pillion = (...args: string[]) => measure('bin/pillion', args, env);
/** Each round has repositories of its own; what follows the first backups goes on with those of the last round. */
let round = 0;
const alone = (...args: string[]) => measure(restic, ['--repo', at(`alone-${round}`), ...args], env);
const place = () => ['--repository', at(`ours-${round}`), '--name', 'volume'];
const backUp = () =>
  pillion('backup', 'now', '--volume', volume, ...place(), '--work-dir', at(`work-${round}`));
const backUpAlone = () => alone('backup', '--quiet', volume);

function calls(): number {
  const lines = existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : [];
  rmSync(at('calls'), { force: true });
  return lines.length;
}

makeTree(volume, size);
const bare = await measure(process.execPath, ['-e', 'setTimeout(() => {}, 300)'], env);
mkdirSync(at('tiny'));
writeFileSync(at('tiny/file'), 'x');

/** A repository of Pillion's own is made before, as it is of restic's. */
async function makeRepositories(): Promise<void> {
  mkdirSync(at(`work-${round}`));
  await alone('init', '--quiet');
  await pillion('backup', 'now', '--volume', at('tiny'), '--repository', at(`ours-${round}`), '--init');
  // In a pod `pillion restore` has looked at the volume before anything is backed up.
  await pillion('restore', '--volume', volume, ...place());
  calls();
}

/** Machines are shared: each takes its turn, several times. */
const ROUNDS = 3;
const loads: string[] = [];
const noteLoad = () => void loads.push((loadavg()[0] ?? 0).toFixed(1));

interface Pair {
  readonly alone: Taken;
  readonly ours: Taken;
}

function median(all: readonly Taken[]): Taken {
  const middle = (values: readonly number[]) =>
    values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
  return {
    seconds: middle(all.map(({ seconds }) => seconds)),
    cpuSeconds: middle(all.map(({ cpuSeconds }) => cpuSeconds)),
    peakMiB: Math.max(...all.map(({ peakMiB }) => peakMiB)),
  };
}

/** What one has written is not for the other to wait for. */
async function onQuietDisk(work: () => Promise<Taken>): Promise<Taken> {
  execFileSync('sync');
  return await work();
}

interface Turns {
  readonly prepare: () => void | Promise<void>;
  readonly alone: () => Promise<Taken>;
  readonly ours: () => Promise<Taken>;
}

async function inTurns({ prepare, ...turns }: Turns): Promise<Pair & { readonly calls: number }> {
  noteLoad();
  const pairs: Pair[] = [];
  let count = 0;
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    await prepare();
    calls();
    pairs.push({ alone: await onQuietDisk(turns.alone), ours: await onQuietDisk(turns.ours) });
    count += calls();
  }
  return {
    alone: median(pairs.map(({ alone: taken }) => taken)),
    ours: median(pairs.map(({ ours }) => ours)),
    calls: count / ROUNDS,
  };
}

const backups = { alone: backUpAlone, ours: backUp };
const nextRound = async () => {
  round += 1;
  await makeRepositories();
};
let targets = 0;
const nextTarget = () => {
  targets += 1;
  mkdirSync(at(`restored-${targets}`));
};
const first = await inTurns({ ...backups, prepare: nextRound });
const unchanged = await inTurns({ ...backups, prepare: () => {} });
const changed = await inTurns({ ...backups, prepare: () => changeTree(volume, size, 100) });
const restored = await inTurns({
  prepare: nextTarget,
  alone: () => alone('restore', '--quiet', 'latest', '--target', at(`restored-alone-${targets}`)),
  ours: () => pillion('restore', '--volume', at(`restored-${targets}`), ...place()),
});

const row = (
  what: string,
  { alone: other, ours, calls: count }: Awaited<ReturnType<typeof inTurns>>,
  goal: string,
) => [
  what,
  `${ours.seconds.toFixed(1)} s`,
  `${other.seconds.toFixed(1)} s`,
  `${(ours.seconds / other.seconds).toFixed(2)}x`,
  goal,
  `${(ours.cpuSeconds / other.cpuSeconds).toFixed(2)}x`,
  `${ours.peakMiB.toFixed(0)} MiB (+${(ours.peakMiB - bare.peakMiB).toFixed(0)})`,
  count.toFixed(0),
];
publish({
  name: 'backup',
  head: [
    'what',
    'pillion',
    'restic alone',
    'ratio',
    'goal',
    'CPU',
    "Pillion's own memory (above bare Node)",
    'calls of restic',
  ],
  rows: [
    row('first backup', first, '<= 1.2x'),
    row('backup, nothing changed', unchanged, '<= 1.1x'),
    row('backup, one file in a hundred changed', changed, '<= 1.2x'),
    row('restore', restored, '<= 1.3x'),
  ],
  note: `${size.files} small files and ${size.bytes / 2 ** 30} GiB in large ones; restic 0.18, a repository on the same disk; medians of ${ROUNDS} rounds; the load before each row was ${loads.join(', ')}`,
});
rmSync(scratch, { recursive: true, force: true });
