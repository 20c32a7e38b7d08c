/** Standard output that cannot be written to: a full disk, a reader that has gone. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/commands.ts';
import { PILLION, runPillion } from '../support/pillion.ts';
import { useTempDir } from '../support/use-temp-dir.ts';

const temp = useTempDir();

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** Runs it with a standard output that is always full, or with one that nobody reads. */
async function run(args: readonly string[], output: 'full' | 'unread', input = ''): Promise<End> {
  const full = output === 'full' ? openSync('/dev/full', 'w') : undefined;
  const child = spawn(PILLION, [...args], { stdio: ['pipe', full ?? 'pipe', 'pipe'], cwd: temp.path });
  if (full !== undefined) {
    closeSync(full);
  }
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.on('error', () => undefined).end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stderr };
}

const POD = JSON.stringify({
  kind: 'Pod',
  spec: { containers: [{ name: 'a' }] },
  metadata: { annotations: { 'pillion.dev/inject': 'label' } },
});
const WITH_INPUT: readonly (readonly string[])[] = [['inject'], ['inject', '--diff'], ['inject', 'explain']];
const target = () => [`--volume=${temp.join('volume')}`, `--repository=dir:${temp.join('repository')}`];
const printing = (): readonly (readonly string[])[] => [
  ['--help'],
  ['--version'],
  ...commands.flatMap(({ name }) => [
    [name, '--help'],
    [name, '--version'],
  ]),
  ['git-sync', '--man'],
  ['git-sync', 'schema'],
  ['git-sync', 'rollback', '--help'],
  ['cron', 'explain', '5 4 * * *'],
  ['cron', 'next', 'crontab'],
  ['cron', 'next', '--help'],
  ['backup', 'snapshots', '--help'],
  ['backup', 'snapshots', ...target()],
  ['backup', 'ls', ...target()],
  ['backup', 'cat', 'file', ...target()],
  ['credentials', 'check', '--help'],
  ['inject', 'profiles'],
  ['inject', 'profiles', '-o', 'schema'],
  ['inject', 'policy'],
  ['injector', 'manifest', '--image=registry.example/pillion:1'],
  ['injector', 'check', '--api-server=http://127.0.0.1:1'],
  ...WITH_INPUT,
];

async function prepare(): Promise<void> {
  await writeFile(temp.join('crontab'), '5 4 * * * true\n');
  await mkdir(temp.join('volume'));
  await writeFile(temp.join('volume/file'), 'x'.repeat(1_000_000));
  const { code, stderr } = await runPillion(['backup', 'now', ...target(), '--init'], { cwd: temp.path });
  expect(stderr, String(code)).not.toContain('"error"');
}

describe('standard output that', () => {
  test('is full is told in words by everything that prints, and the exit code is 1', async () => {
    await prepare();
    for (const args of printing()) {
      const { code, stderr } = await run(args, 'full', POD);
      const what = `${args.join(' ')}\n${stderr}`;
      expect(stderr, what).toContain('cannot write to standard output: ENOSPC: no space left on device');
      expect(stderr, what).not.toMatch(/internal error|\n {4}at /);
      expect(code, what).toBe(1);
    }
  });

  test('nobody reads ends everything that prints without a word', async () => {
    await prepare();
    for (const args of printing()) {
      const { code, signal, stderr } = await run(args, 'unread', POD);
      const what = `${args.join(' ')}\n${stderr}`;
      expect(stderr, what).not.toMatch(/EPIPE|internal error|\n {4}at /);
      expect(signal === 'SIGPIPE' || code === 141, what).toBe(true);
    }
  });
});
