/**
 * What many repositories in one process cost (`--config`): anonymous memory, processor time and descriptors of one process
 * that polls 1, 10 or 50 of them over HTTP, compared with one repository on the command line: `npm run bench -- repositories [--write]`.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRepository } from '../../test/support/git-repository.ts';
import { startHttpGitServer } from '../../test/support/http-git-server.ts';
import { startPillion } from '../../test/support/pillion.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { publish } from '../table.ts';

/** After the first sync of all: a poll of each every two seconds, a scrape every five. */
const SETTLE_MS = 10_000;
const SCRAPES = 5;
const SCRAPE_MS = 5000;
const READY_MS = 120_000;

const dir = await mkdtemp(join(tmpdir(), 'pillion-bench-repositories-'));
const repository = await createRepository(join(dir, 'server/site.git'));
await repository.commit(
  Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`file-${index}`, 'text\n'])),
);
const server = await startHttpGitServer({ root: join(dir, 'server') });
const url = `${server.url}/site.git`;

interface Figures {
  readonly anonymousMiB: number;
  readonly residentMiB: number;
  readonly cpuPerMinuteMs: number;
  readonly descriptors: number;
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) * 10;
}

async function measure(name: string, args: readonly string[]): Promise<Figures> {
  const common = ['--period=2s', '--http-bind=127.0.0.1:0', '--http-metrics', '--link=current'];
  const sidecar = await startPillion(['git-sync', `--root=${join(dir, name)}`, ...common, ...args]);
  try {
    const line = await sidecar.waitForLog('serving HTTP');
    const address = /"endpoint":"([^"]+)"/.exec(line)?.[1] ?? '';
    const get = async (path: string) => fetch(`http://${address}${path}`);
    await waitFor(async () => (await get('/readyz')).status === 200, { what: name, timeoutMs: READY_MS });
    await delay(SETTLE_MS);
    const before = await cpuMs(sidecar.pid);
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      await (await get('/metrics')).text();
      await delay(SCRAPE_MS);
    }
    const memory = await readFile(`/proc/${sidecar.pid}/smaps_rollup`, 'utf8');
    const mib = (field: string) => Number(new RegExp(`^${field}: +(\\d+)`, 'm').exec(memory)?.[1]) / 1024;
    return {
      anonymousMiB: mib('Anonymous'),
      residentMiB: mib('Rss'),
      cpuPerMinuteMs: ((await cpuMs(sidecar.pid)) - before) * (60_000 / (SCRAPES * SCRAPE_MS)),
      descriptors: (await readdir(`/proc/${sidecar.pid}/fd`)).length,
    };
  } finally {
    await sidecar.stop();
  }
}

async function measureFile(count: number): Promise<Figures> {
  const file = join(dir, `${count}.yaml`);
  const entries = Array.from({ length: count }, (_, index) => `  - { name: r${index}, repo: '${url}' }\n`);
  await writeFile(file, `repositories:\n${entries.join('')}`);
  return measure(`of-${count}`, [`--config=${file}`]);
}

try {
  const alone = await measure('alone', [`--repo=${url}`]);
  const rows: string[][] = [];
  const add = (what: string, { anonymousMiB, residentMiB, cpuPerMinuteMs, descriptors }: Figures) =>
    rows.push([
      what,
      `${anonymousMiB.toFixed(1)} MiB`,
      `${(anonymousMiB - alone.anonymousMiB).toFixed(1)} MiB`,
      `${residentMiB.toFixed(1)} MiB`,
      `${cpuPerMinuteMs.toFixed(0)} ms`,
      String(descriptors),
    ]);
  add('one, on the command line', alone);
  for (const count of [1, 10, 50]) {
    add(`${count} in a file`, await measureFile(count));
  }
  publish({
    name: 'repositories',
    head: ['repositories', 'anonymous memory', 'more than one', 'resident', 'CPU per minute', 'descriptors'],
    rows,
    note: 'Anonymous memory as in smaps_rollup, after the first sync of all, 17 polls of each and five scrapes',
  });
} finally {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}
