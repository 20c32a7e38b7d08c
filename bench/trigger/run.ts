/**
 * How long a push takes from the webhook that tells of it to the published tree, over files and over HTTP, and how much an
 * idle sidecar that waits for webhooks costs, compared with one that polls: `npm run bench -- trigger [--write]`.
 */
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRepository } from '../../test/support/git-repository.ts';
import { startHttpGitServer } from '../../test/support/http-git-server.ts';
import { startPillion } from '../../test/support/pillion.ts';
import { publish } from '../table.ts';

const ROUNDS = 20;
/** The clean-up after the last push is over. */
const SETTLE_MS = 5000;
const IDLE_MS = 10_000;
const SECRET = 'a-secret-that-is-long-enough';

const dir = await mkdtemp(join(tmpdir(), 'pillion-bench-trigger-'));
const repository = await createRepository(join(dir, 'server/site.git'));
await repository.commit({ page: 'first\n' });
const server = await startHttpGitServer({ root: join(dir, 'server') });

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

interface Figures {
  readonly publishedMs: number;
  readonly slowestMs: number;
  readonly cpuPerMinuteMs: number;
  readonly residentMiB: number;
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) * 10;
}

async function measure(name: string, url: string, flags: readonly string[]): Promise<Figures> {
  const root = join(dir, name);
  await mkdir(root);
  await writeFile(join(dir, 'secrets'), SECRET);
  const sidecar = await startPillion([
    'git-sync',
    `--repo=${url}`,
    `--root=${root}`,
    '--link=current',
    '--git-config=protocol.file.allow:always',
    '--trigger-bind=127.0.0.1:0',
    `--trigger-secret-file=${join(dir, 'secrets')}`,
    ...flags,
  ]);
  try {
    const line = await sidecar.waitForLog('waiting for requests');
    const port = /"endpoint":"127\.0\.0\.1:(\d+)"/.exec(line)?.[1] ?? '';
    await sidecar.waitForLog('updated successfully');
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await delay(700);
      const after = await repository.commit({ page: `${name} ${round}\n` });
      const body = JSON.stringify({
        ref: `refs/heads/${repository.branch}`,
        after,
        repository: { clone_url: url },
      });
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      const start = performance.now();
      const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` };
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body });
      if (answer.status !== 202) {
        throw new Error(`answered ${answer.status}: ${await answer.text()}`);
      }
      while (basename(await readlink(join(root, 'current'))) !== after) {
        await delay(1);
      }
      times.push(performance.now() - start);
    }
    await delay(SETTLE_MS);
    const before = await cpuMs(sidecar.pid);
    await delay(IDLE_MS);
    const used = (await cpuMs(sidecar.pid)) - before;
    const resident = /^Rss:\s+(\d+)/m.exec(await readFile(`/proc/${sidecar.pid}/smaps_rollup`, 'utf8'))?.[1];
    return {
      publishedMs: median(times),
      slowestMs: Math.max(...times),
      cpuPerMinuteMs: (used * 60_000) / IDLE_MS,
      residentMiB: Number(resident) / 1024,
    };
  } finally {
    await sidecar.stop();
  }
}

try {
  const http = server.repositoryUrl('site.git');
  const rows = [];
  for (const [name, url, flags] of [
    ['file, no polls', repository.url, ['--period=0']],
    ['http, no polls', http, ['--period=0']],
    ['http, a poll every second', http, ['--period=1s']],
  ] as const) {
    const figures = await measure(name.replaceAll(/\W+/g, '-'), url, flags);
    rows.push([
      name,
      figures.publishedMs.toFixed(0),
      figures.slowestMs.toFixed(0),
      figures.cpuPerMinuteMs.toFixed(0),
      figures.residentMiB.toFixed(1),
    ]);
  }
  publish({
    name: 'trigger',
    head: [
      '',
      'webhook to published, ms',
      `slowest of ${ROUNDS}, ms`,
      'CPU per idle minute, ms',
      'resident, MiB',
    ],
    rows,
  });
} finally {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}
