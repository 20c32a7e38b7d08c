/**
 * Idle memory of `pillion credentials` compared with a bare Node: with AWS (its SDK, a session from a metadata server on
 * loopback) and without, each with HTTP, metrics and a reload, after a few deliveries. And compared with the least that does the
 * same work: a Node that serves HTTP and has started as many programs, without a line of Pillion.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAwsEndpoints } from '../../test/support/postgres/aws-endpoints.ts';
import { publish } from '../table.ts';

const directory = mkdtempSync(join(tmpdir(), 'pillion-bench-'));
const DELIVERIES = 5;

function memory(pid: number): { rss: number; anonymous: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rss: of('Rss'), anonymous: of('Anonymous') };
}

/** Memory a while after the output has matched that often. */
async function measure(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  pattern: RegExp,
): Promise<{ rss: number; anonymous: number }> {
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  while (output.split(pattern).length <= 1) {
    await delay(100);
    if (child.exitCode !== null) {
      throw new Error(`ended with ${child.exitCode}:\n${output}`);
    }
  }
  await delay(2000);
  const result = memory(child.pid ?? 0);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
  return result;
}

function sidecar(entry: object): string[] {
  const file = join(directory, 'credentials.json');
  const common = { 'min-interval': '200ms', 'max-interval': '300ms' };
  const reload = [{ type: 'command', command: ['true'] }];
  const credential = { ...common, outputs: [`pgbouncer=${join(directory, 'users.txt')}`], reload, ...entry };
  writeFileSync(file, JSON.stringify({ 'http-bind': '127.0.0.1:0', credentials: [credential] }));
  return ['bin/pillion', 'credentials', '--config', file];
}

const program = join(directory, 'token');
writeFileSync(program, '#!/bin/sh\necho "{\\"token\\":\\"$(date +%s%N)\\",\\"expiresIn\\":900}"\n');
chmodSync(program, 0o755);
const delivered = new RegExp(`(?:"credential delivered"[^]*?){${DELIVERIES}}`);
const aws = await startAwsEndpoints({ keys: new Map(), token: 'token', lifeMs: 3_600_000 });
const tokenFile = join(directory, 'pod-token');
writeFileSync(tokenFile, 'token');
const path = { PATH: process.env['PATH'] };
const bare = await measure(['-e', 'setInterval(() => {}, 1e6); console.log(1)'], path, /1/);
/** Each delivery starts a source and a reload. */
const LEAST = `
require('node:http').createServer((request, response) => response.end()).listen(0, '127.0.0.1');
const { spawn } = require('node:child_process');
const { open } = require('node:fs/promises');
const deliver = (left) => {
  if (left === 0) {
    return console.log('done');
  }
  spawn('true').on('exit', () => spawn('true').on('exit', async () => {
    await (await open('/dev/null')).close();
    deliver(left - 1);
  }));
};
deliver(${DELIVERIES});
`;
const least = await measure(['-e', LEAST], path, /done/);
const without = await measure(
  sidecar({ provider: 'exec', command: [program], user: 'app' }),
  path,
  delivered,
);
const host = 'orders.c1a2b3.eu-west-1.rds.amazonaws.com';
const withAws = await measure(
  sidecar({ provider: 'aws-rds', host, user: 'app' }),
  { ...path, ...aws.podIdentity(tokenFile) },
  delivered,
);
await aws.stop();
rmSync(directory, { recursive: true });

type Memory = typeof bare;
const more = (own: number, than: number): string => `${own.toFixed(1)} MiB (+${(own - than).toFixed(1)})`;
const row = (name: string, { rss, anonymous }: Memory, goal: string): string[] => [
  name,
  more(rss, bare.rss),
  more(anonymous, bare.anonymous),
  goal,
];
publish({
  name: 'credentials',
  head: ['idle', 'resident memory (above bare Node)', 'anonymous memory', 'goal, resident'],
  rows: [
    row('bare Node', bare, ''),
    row(`Node with an HTTP server that has started ${DELIVERIES * 2} programs`, least, ''),
    row('`pillion credentials`, a program as source', without, '<= bare Node + 8 MiB'),
    row('`pillion credentials`, RDS tokens', withAws, '<= bare Node + 20 MiB'),
  ],
});
