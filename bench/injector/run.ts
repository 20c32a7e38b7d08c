/**
 * Measures the injector: reviews over TLS, the load on the same cores, and manifests offline.
 * `npm run bench -- injector [reviews|memory|idle|offline ...] [--write]`
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { makeAuthority } from '../../src/core/http/client/fixtures/authority.ts';
import { ENVIRONMENT } from '../../src/injection/server/manifest/settings.ts';
import { publish } from '../table.ts';
import { type LoadResult, load, quantile, reuseAfterIdle } from './load.ts';
import { reviewOfSize, reviewWithEnv } from './pods.ts';

const PILLION = 'bin/pillion';
const REVIEWS_OF_MEMORY = Number(process.env['PILLION_BENCH_REVIEWS'] ?? 1_000_000);
const directory = mkdtempSync(join(tmpdir(), 'pillion-bench-injector-'));

interface Server {
  readonly port: number;
  readonly pid: number;
  readonly ca: string;
  stop(): Promise<void>;
}

async function start(): Promise<Server> {
  const authority = makeAuthority(directory);
  const { cert, key } = authority.issue('pillion-injector.pillion.svc');
  const bundle = join(directory, 'bundle.pem');
  writeFileSync(bundle, `${key}${cert}`);
  const args = [
    'injector',
    '--bind=127.0.0.1:0',
    `--tls-cert-file=${bundle}`,
    '--drain=0s',
    '--log-level=warn',
  ];
  // The port is told at level info, which the load would flood: asked for by the system instead.
  const env = { ...process.env, ...ENVIRONMENT };
  const child = spawn(PILLION, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = child.pid ?? 0;
  return {
    port: await portOf(pid),
    pid,
    ca: readFileSync(authority.file, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function portOf(pid: number): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const port = listeningPort(pid);
    if (port !== undefined) {
      return port;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the injector does not listen');
}

/** The port that a process listens on, by its sockets in /proc. */
function listeningPort(pid: number): number | undefined {
  const links = execFileSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' });
  const inodes = new Set([...links.matchAll(/socket:\[([0-9]+)\]/g)].map(([, inode]) => inode));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1);
  const found = rows
    .map((each) => each.trim().split(/\s+/))
    .find((cells) => cells[3] === '0A' && inodes.has(cells[9]));
  const hex = found?.[1]?.split(':')[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** 0 when the process has ended. */
function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = status.split('\n').find((line) => line.startsWith(`${field}:`));
    return Number(kib?.replaceAll(/[^0-9]/g, '') ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function row(what: string, result: LoadResult, goal: string): string[] {
  const { requests, failed, seconds, latencies } = result;
  const ms = (part: number) => quantile(latencies, part).toFixed(2);
  return [what, (requests / seconds).toFixed(0), ms(0.5), ms(0.99), String(failed), goal];
}

async function reviews(): Promise<void> {
  const server = await start();
  const small = reviewOfSize(4096);
  const cases = [
    { what: '4 KB, 16 connections', connections: 16, body: small, goal: '>= 3,000/s, p99 < 15 ms' },
    { what: '4 KB, 1 connection', connections: 1, body: small, goal: 'p99 < 3 ms' },
    { what: '2,000 variables, 1 connection', connections: 1, body: reviewWithEnv(2000), goal: 'p99 < 10 ms' },
    { what: '4,000 variables, 1 connection', connections: 1, body: reviewWithEnv(4000), goal: 'time < 2.5x' },
    { what: '3 MiB, 1 connection', connections: 1, body: reviewOfSize(3 << 20), goal: 'p99 < 150 ms' },
  ];
  const rows: string[][] = [];
  for (const { what, goal, ...options } of cases) {
    await load({ ...server, ...options, milliseconds: 3_000 });
    rows.push(row(what, await load({ ...server, ...options, milliseconds: 10_000 }), goal));
  }
  await server.stop();
  publish({
    name: 'injector reviews',
    head: ['reviews', 'per second', 'median ms', 'p99 ms', 'failed', 'goal'],
    rows,
    note: 'The load runs on the same two cores, after three seconds of the same load',
  });
}

async function memory(): Promise<void> {
  const server = await start();
  const body = reviewOfSize(4096);
  const rows: string[][] = [];
  let sent = 0;
  for (const upTo of [0.1, 0.5, 1].map((part) => Math.round(REVIEWS_OF_MEMORY * part))) {
    const { failed } = await load({ ...server, connections: 16, body, requests: upTo - sent });
    sent = upTo;
    rows.push([sent.toLocaleString('en'), memoryMiB(server.pid, 'VmRSS').toFixed(1), String(failed)]);
  }
  await server.stop();
  publish({
    name: 'injector memory',
    head: ['after reviews', 'resident MiB', 'failed'],
    rows,
    note: 'Goal: below 120 MiB, and not more than 5 % more at the end than at the first row. The environment is that of the manifest',
  });
}

/** API servers keep a connection for 90 s: one that is used again just before must not be closed at that moment. */
async function idle(): Promise<void> {
  const server = await start();
  const rows: string[][] = [];
  for (const [connections, seconds] of [
    [500, 89],
    [500, 89],
    [100, 95],
  ] as const) {
    const failed = await reuseAfterIdle({ ...server, connections, body: reviewOfSize(4096) }, seconds * 1000);
    rows.push([String(connections), String(seconds), String(failed)]);
  }
  await server.stop();
  publish({
    name: 'injector idle',
    head: ['connections, each used, left alone and used again', 'seconds without a request', 'failed'],
    rows,
  });
}

async function offline(): Promise<void> {
  const manifests = join(directory, 'manifests.yaml');
  const one = (at: number) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${at}
spec:
  replicas: 2 # kept
  selector: { matchLabels: { app: web-${at} } }
  template:
    metadata:
      labels: { app: web-${at} }
      annotations:
        pillion.dev/inject: git-sync
        pillion.dev/git-sync.repo: https://git.example/pages-${at}.git
    spec:
      containers:
        - name: web
          image: nginx
`;
  writeFileSync(manifests, Array.from({ length: 1000 }, (_, at) => one(at)).join('---\n'));
  const started = performance.now();
  const child = spawn(PILLION, ['inject', '-f', manifests], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  // The kernel keeps the highest value, so the last reading before the end tells it.
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, memoryMiB(child.pid ?? 0, 'VmHWM'));
  }, 5);
  await once(child, 'close');
  clearInterval(sampling);
  const seconds = (performance.now() - started) / 1000;
  const injected = out.split('pillion.dev/injected').length - 1;
  publish({
    name: 'injector offline',
    head: ['Deployments in one stream', 'injected', 'seconds', 'most resident MiB', 'goal'],
    rows: [['1,000', String(injected), seconds.toFixed(2), most.toFixed(0), '< 3 s, < 200 MiB']],
  });
}

const parts = { reviews, memory, idle, offline };
const asked = process.argv.slice(2).filter((word): word is keyof typeof parts => Object.hasOwn(parts, word));
try {
  for (const part of asked.length > 0 ? asked : (Object.keys(parts) as (keyof typeof parts)[])) {
    await parts[part]();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
