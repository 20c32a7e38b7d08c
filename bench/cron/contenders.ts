/** Who is measured: this project's scheduler, and supercronic where it or Go is there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Contender {
  readonly name: string;
  command(crontab: string): readonly string[];
}

/** Takes schedules that never fire. */
export const LENIENT = 'pillion --lenient';

const PEER = 'github.com/aptible/supercronic@v0.2.48';

function supercronic(): string | undefined {
  const inPath = spawnSync('sh', ['-c', 'command -v supercronic'], { encoding: 'utf8' }).stdout.trim();
  if (inPath !== '') {
    return inPath;
  }
  const directory = join(tmpdir(), 'pillion-bench-peers');
  const program = join(directory, 'supercronic');
  if (!existsSync(program)) {
    spawnSync('go', ['install', PEER], { env: { ...process.env, GOBIN: directory }, stdio: 'inherit' });
  }
  return existsSync(program) ? program : undefined;
}

export function contenders(): Contender[] {
  const pillion = resolve('bin/pillion');
  const own: Contender = { name: 'pillion', command: (crontab) => [pillion, 'cron', crontab] };
  const lenient: Contender = {
    name: LENIENT,
    command: (crontab) => [pillion, 'cron', '--lenient', crontab],
  };
  const peer = supercronic();
  return peer === undefined
    ? [own, lenient]
    : [own, lenient, { name: 'supercronic', command: (crontab) => [peer, '-json', crontab] }];
}
