/**
 * Idle memory of `pillion credentials` compared with a bare Node: with AWS (its SDK, a session from a metadata server on
 * loopback) and without, each with HTTP, metrics and a reload, after a few deliveries.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAwsEndpoints } from '../../test/support/postgres/aws-endpoints.ts';

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

const row = (name: string, { rss, anonymous }: { rss: number; anonymous: number }, goal: string) =>
  `${name.padEnd(24)} ${rss.toFixed(1)} MiB resident (+${(rss - bare.rss).toFixed(1)}), ${anonymous.toFixed(1)} MiB anonymous${goal}`;
console.log(row('bare Node', bare, ''));
console.log(row('credentials without AWS', without, '; goal: resident +8'));
console.log(row('credentials with AWS', withAws, '; goal: resident +20'));
