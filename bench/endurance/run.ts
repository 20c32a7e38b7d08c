/**
 * Whether an idle sidecar grows: polls every second and a scrape every five over each transport, for an hour, next to each
 * other: `npm run bench -- endurance [--minutes 60] [--write]`. Prints anonymous memory (of the ssh that is kept, too) and
 * descriptors.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRepository } from '../../test/support/git-repository.ts';
import { startHttpGitServer } from '../../test/support/http-git-server.ts';
import { type RunningPillion, startPillion } from '../../test/support/pillion.ts';
import { treeOf } from '../../test/support/processes.ts';
import { startSshServer } from '../../test/support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../test/support/temp.ts';
import { publish } from '../table.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, write: { type: 'boolean' } } });
const minutes = Number(values.minutes ?? '60');
const SCRAPE_MS = 5000;
const SCRAPES_PER_SAMPLE = 6;
const samples = Math.max(4, Math.round((minutes * 60_000) / (SCRAPE_MS * SCRAPES_PER_SAMPLE)));

interface Sample {
  readonly ownMiB: number;
  readonly sshMiB: number;
  readonly descriptors: number;
}
interface Sidecar {
  readonly transport: string;
  readonly running: RunningPillion;
  readonly address: string;
  readonly samples: Sample[];
}

async function anonymousMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Anonymous: +(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

async function sample({ running: { pid } }: Sidecar): Promise<Sample> {
  const ssh = treeOf(pid).filter((one) => one.pid !== pid && /(^|\/)ssh( |$)/.test(one.command));
  const ofSsh = await Promise.all(ssh.map((one) => anonymousMiB(one.pid)));
  return {
    ownMiB: await anonymousMiB(pid),
    sshMiB: ofSsh.reduce((sum, each) => sum + each, 0),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Medians of the quarters, since what is garbage at one sample is gone at the next. */
function rowOf({ transport, samples: all }: Sidecar): string[] {
  const quarter = Math.floor(all.length / 4);
  const ofQuarter = (index: number, read: (each: Sample) => number) =>
    median(all.slice(index * quarter, (index + 1) * quarter).map(read));
  const own = [0, 1, 2, 3].map((index) => ofQuarter(index, ({ ownMiB }) => ownMiB));
  const ssh = ofQuarter(3, ({ sshMiB }) => sshMiB);
  const most = Math.max(...all.map(({ ownMiB }) => ownMiB));
  const growth = (own[3] ?? Number.NaN) - (own[2] ?? Number.NaN);
  const descriptors = [ofQuarter(0, (each) => each.descriptors), ofQuarter(3, (each) => each.descriptors)];
  return [
    transport,
    ...own.map((mib) => mib.toFixed(1)),
    most.toFixed(1),
    growth.toFixed(1),
    ssh > 0 ? ssh.toFixed(1) : '',
    descriptors.join(', '),
  ];
}

const dir = await makeTempDir('b-');
const http = await startHttpGitServer({ root: dir });
const ssh = await startSshServer(join(dir, 'ssh'));
const sidecars: Sidecar[] = [];
try {
  const repository = await createRepository(join(dir, 'site.git'));
  await repository.commit(
    Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`file-${index}`, 'text\n'])),
  );
  const flags = ['--period=1s', '--http-bind=127.0.0.1:0', '--http-metrics', '--link=link'];
  const keys = [`--ssh-key-file=${ssh.keyPath}`, `--ssh-known-hosts-file=${ssh.knownHostsPath}`];
  const repositories = {
    file: `file://${repository.path}`,
    http: http.repositoryUrl('site.git'),
    ssh: ssh.repositoryUrl(repository.path),
  };
  for (const [transport, repo] of Object.entries(repositories)) {
    const root = `--root=${join(dir, `root-${transport}`)}`;
    const running = await startPillion(['git-sync', `--repo=${repo}`, root, ...flags, ...keys]);
    const line = await running.waitForLog('serving HTTP');
    sidecars.push({ transport, running, address: /"endpoint":"([^"]+)"/.exec(line)?.[1] ?? '', samples: [] });
  }
  for (let count = 0; count < samples * SCRAPES_PER_SAMPLE; count += 1) {
    await delay(SCRAPE_MS);
    for (const sidecar of sidecars) {
      await (await fetch(`http://${sidecar.address}/metrics`)).text();
      if ((count + 1) % SCRAPES_PER_SAMPLE === 0) {
        sidecar.samples.push(await sample(sidecar));
      }
    }
  }
  publish({
    name: 'endurance',
    head: [
      'transport',
      'MiB, 1st quarter',
      '2nd',
      '3rd',
      '4th',
      'most',
      '4th less 3rd',
      'kept ssh, MiB',
      'descriptors, 1st and 4th',
    ],
    rows: sidecars.map(rowOf),
    note: `${minutes} minutes; medians of anonymous memory of samples every ${(SCRAPE_MS * SCRAPES_PER_SAMPLE) / 1000} s`,
  });
} finally {
  await Promise.all(sidecars.map(({ running }) => running.stop()));
  await http.stop();
  await ssh.stop();
  await removeTempDir(dir);
}
