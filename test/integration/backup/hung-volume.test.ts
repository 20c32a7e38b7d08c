/** The volume stops answering: a FUSE mount whose server reads no requests, in a mount namespace of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { start, succeed, writeTree } from '../../support/backup/program.ts';
import { PILLION } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';

const dir = useTempDir();
const isRoot = process.getuid?.() === 0;
const HANG = fileURLToPath(new URL('../git-sync/safety/programs/hang-volume.ts', import.meta.url));

/** Mounts what hangs over a path, then runs Pillion; what it says, and how it ended. */
async function withHung(path: string, argv: readonly string[]) {
  const script = `
    mkfifo ${dir.join('turn')}
    "${process.execPath}" ${HANG} ${path} <${dir.join('turn')} >${dir.join('said')} &
    exec 9>${dir.join('turn')}
    echo >&9
    until test -s ${dir.join('said')}; do sleep 0.05; done
    grep -q hangs ${dir.join('said')} || exit 77
    "$@"
    code=$?
    exec 9>&-
    exit $code`;
  const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', PILLION, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: dir.path },
  });
  let said = '';
  child.stderr.on('data', (chunk) => void (said += String(chunk)));
  child.stdout.resume();
  const began = performance.now();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said, seconds: (performance.now() - began) / 1000 };
}

async function prepare(): Promise<{ readonly volume: string; readonly flags: readonly string[] }> {
  const volume = dir.join('volume');
  const repository = `dir:${dir.join('repository')}`;
  await writeTree(volume, { a: 'a', 'sub/b': 'b', z: 'z' });
  await succeed(['backup', 'now'], { volume, repository, flags: ['--init'] });
  const flags = ['--volume', volume, '--repository', repository, '--name', 'data', '--volume-timeout', '2s'];
  return { volume, flags };
}

describe.runIf(isRoot)('a volume that does not answer (skipped when this is not root)', () => {
  it.each([[['restore']], [['restore', '--plan']], [['backup', 'now']], [['backup', '--one-time']]])(
    'ends %s soon, with an error',
    async (words) => {
      const { volume, flags } = await prepare();
      const { code, said, seconds } = await withHung(volume, [...words, ...flags]);
      if (code === 77) {
        return; // not a machine for this test
      }
      expect([code, said]).toEqual([1, expect.stringContaining('does not answer')]);
      expect(seconds).toBeLessThan(20);
    },
  );

  it.each([
    ['restore', ['restore', '--min-size', '1M']],
    ['backup', ['backup', 'now']],
  ])('in the middle of a tree ends a %s, which is blocked by it', async (_, words) => {
    const { volume, flags } = await prepare();
    const { code, said, seconds } = await withHung(`${volume}/sub`, [...words, ...flags]);
    if (code === 77) {
      return; // not a machine for this test
    }
    expect(code).not.toBe(0);
    expect(said).toContain('does not answer');
    expect(seconds).toBeLessThan(20);
    expect(existsSync(`${volume}/sub/b`)).toBe(true);
  });
});

/** Those who wait for a process of this volume to be blocked. */
async function guards(volume: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return lines.filter((line) => line.startsWith('sh\0-c\0') && line.includes(`${volume} does not`)).length;
}

it('what waits for a process to be blocked ends with it, however that ends', async () => {
  const { volume } = await prepare();
  const repository = `dir:${dir.join('repository')}`;
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const running = await start(['restore'], { volume, repository, flags: ['--check', 'sleep 100'] });
    onTestFinished(async () => void (await running.stop()));
    await waitFor(async () => (await guards(volume)) > 0 || undefined, { what: 'the guard' });
    running.signal(signal);
    await running.exit;
    await waitFor(async () => (await guards(volume)) === 0 || undefined, { what: 'its end' });
  }
});
