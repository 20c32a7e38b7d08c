import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import {
  bundleProgram,
  ENV,
  fixture,
  isRunning,
  killLater,
  temporaryDirectory,
  whenReady,
} from './fixtures/fixtures.ts';
import { killOrphans } from './orphans.ts';
import { run, tryRun } from './run.ts';

const { signal } = new AbortController();

describe('killOrphans', () => {
  it('ends the marked processes of an earlier owner with their whole groups', async () => {
    const marker = { name: 'PILLION_TEST_OWNER', value: randomUUID() };
    const { file, onSpawn } = await whenReady();
    let leader = 0;
    const pending = tryRun(fixture('family.sh'), [file], {
      env: { ...ENV, [marker.name]: marker.value },
      onSpawn: (pid) => {
        leader = pid;
        onSpawn();
      },
    });
    await waitFor(() => leader !== 0);
    const report = await killOrphans(marker, signal);
    const outcome = await pending;
    expect(outcome.signal).toBe('SIGKILL');
    const pids = [leader, ...outcome.stdout.trim().split('\n').map(Number)];
    expect(pids.every((pid) => report.killed.includes(pid) && !isRunning(pid))).toBe(true);
    expect(report.remaining).toEqual([]);
  });

  it('reaches those that left their group, and ignore SIGTERM', async () => {
    const marker = { name: 'PILLION_TEST_OWNER', value: randomUUID() };
    const options = { env: { ...ENV, [marker.name]: marker.value } };
    const { stdout } = await tryRun(fixture('escape.sh'), [], options);
    killLater(Number(stdout));
    expect(isRunning(Number(stdout))).toBe(true);
    await killOrphans(marker, signal);
    await waitFor(() => !isRunning(Number(stdout)));
  });

  it('leaves alone a process that carries another value, or a longer one', async () => {
    const marker = { name: 'PILLION_TEST_OWNER', value: randomUUID() };
    const others = [`${marker.value}/deeper`, `x${marker.value}`];
    const pids: number[] = [];
    for (const value of others) {
      await tryRun('sh', ['-c', 'sleep 300 >/dev/null 2>&1 & echo $!'], {
        env: { ...ENV, [marker.name]: value },
        killGroupAfterExit: false,
        onOutput: (_, chunk) => {
          pids.push(Number(chunk.toString()));
        },
      });
    }
    for (const pid of pids) {
      killLater(pid);
    }
    expect(await killOrphans(marker, signal)).toEqual({ killed: [], remaining: [] });
    expect(pids.map(isRunning)).toEqual([true, true]);
  });

  it('never ends its own process or group, though they carry the marker too', async () => {
    const program = await bundleProgram(fixture('end-my-orphans.ts'), await temporaryDirectory());
    const env = { ...ENV, PILLION_TEST_OWNER: randomUUID() };
    const { stdout } = await run(process.execPath, [program], { env });
    expect(JSON.parse(stdout)).toEqual({ killed: [], remaining: [] });
  });

  it('stops waiting when it is aborted', async () => {
    const reason = new Error('stop');
    await expect(killOrphans({ name: 'A', value: 'b' }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
