import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import {
  blockFor,
  blockUntilExists,
  ENV,
  fixture,
  isRunning,
  killLater,
  temporaryDirectory,
  whenReady,
} from './fixtures/fixtures.ts';
import { groupMembers } from './process-group.ts';
import { tryRun } from './run.ts';

describe('a child that a program leaves behind', () => {
  it('does not delay the return by holding the pipes, and is killed', async () => {
    const outcome = await tryRun(fixture('leave-holder.sh'), [], { env: ENV });
    expect(outcome).toMatchObject({ exitCode: 3, timedOut: false });
    expect(outcome.durationMs).toBeLessThan(5000);
    await waitFor(() => !isRunning(Number(outcome.stdout)));
  });

  it('does not delay the return by going on to write', async () => {
    const outcome = await tryRun(fixture('leave-chatterer.sh'), [], { env: ENV });
    expect(outcome.exitCode).toBe(0);
    expect(outcome.durationMs).toBeLessThan(5000);
    await waitFor(() => !isRunning(Number.parseInt(outcome.stdout, 10)));
  });

  it('is heard when it wrote in time, though our own event loop was held up', async () => {
    const file = join(await temporaryDirectory(), 'go');
    let pid = 0;
    const onSpawn = (spawned: number) => {
      pid = spawned;
    };
    const pending = tryRun(fixture('leave-late-writer.sh'), [file], { env: ENV, onSpawn });
    await waitFor(() => !existsSync(`/proc/${pid}`)); // until its end was noticed
    writeFileSync(file, '');
    blockUntilExists(`${file}.done`);
    blockFor(200); // longer than the silence that ends the wait
    expect((await pending).stdout).toBe('late\n');
  });

  it('is killed also when it holds no pipe', async () => {
    const outcome = await tryRun(fixture('silent-group-member.sh'), [], { env: ENV });
    await waitFor(() => !isRunning(Number(outcome.stdout)));
  });

  it('belongs to the run when that lasts until its output ends', async () => {
    const line = '(sleep 0.3; echo late) & echo early; exit 4';
    const outcome = await tryRun('sh', ['-c', line], { env: ENV, untilOutputEnds: true });
    expect(outcome).toMatchObject({ exitCode: 4, stdout: 'early\nlate\n', aborted: false });
  });

  it('is ended with a run that lasts until its output ends, by abort or limit', async () => {
    const line = 'sleep 300 & echo $!';
    for (const limit of [{ timeoutMs: 300 }, { signal: AbortSignal.timeout(300) }]) {
      const outcome = await tryRun('sh', ['-c', line], { env: ENV, untilOutputEnds: true, ...limit });
      expect([outcome.timedOut, outcome.aborted]).toContain(true);
      await waitFor(() => !isRunning(Number(outcome.stdout)));
    }
  });

  it('is named when it still runs', async () => {
    let group = 0;
    const onSpawn = (pid: number) => {
      group = pid;
    };
    const options = { env: ENV, killGroupAfterExit: false, onSpawn };
    const outcome = await tryRun('sh', ['-c', 'sleep 300 >/dev/null 2>&1 & echo $!'], options);
    killLater(Number(outcome.stdout));
    // Until it has become sleep it is a copy of the shell.
    await waitFor(() => !groupMembers(group).includes('sh'));
    expect(groupMembers(group)).toEqual(['sleep']);
    expect(groupMembers(2 ** 22 + 1)).toEqual([]);
  });

  it('lives on when the caller wants that', async () => {
    const options = { env: ENV, killGroupAfterExit: false };
    const outcome = await tryRun(fixture('silent-group-member.sh'), [], options);
    const pid = Number(outcome.stdout);
    killLater(pid);
    expect(isRunning(pid)).toBe(true);
  });

  it('does not delay the return even when it left the process group', async () => {
    const outcome = await tryRun(fixture('escape.sh'), [], { env: ENV });
    killLater(Number(outcome.stdout));
    expect(outcome.exitCode).toBe(0);
    expect(outcome.durationMs).toBeLessThan(5000);
  });
});

describe('a time limit on a group', () => {
  it('ends every member of it', async () => {
    const { file, onSpawn } = await whenReady();
    const outcome = await tryRun(fixture('family.sh'), [file], { env: ENV, onSpawn, timeoutMs: 50 });
    const pids = outcome.stdout.trim().split('\n').map(Number);
    expect(pids).toHaveLength(2);
    await waitFor(() => pids.every((pid) => !isRunning(pid)));
  });

  it('holds even when a grandchild left the group and keeps the pipes open', async () => {
    const { file, onSpawn } = await whenReady();
    const options = { env: ENV, onSpawn, timeoutMs: 50, graceMs: 200 };
    const outcome = await tryRun(fixture('escape.sh'), [file], options);
    killLater(Number(outcome.stdout));
    expect(outcome).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(245); // the grace, for processes still tidying up
    expect(outcome.durationMs).toBeLessThan(5000);
  });

  it('lets a member that tidies up longer than its leader use the grace', async () => {
    const { file, onSpawn } = await whenReady();
    const script = '"$0" "$1" & wait';
    const options = { env: ENV, onSpawn, timeoutMs: 50, graceMs: 15_000 };
    const outcome = await tryRun('sh', ['-c', script, fixture('tidy-on-term.sh'), file], options);
    expect(outcome.stdout).toBe('ready\ntidied\n');
    expect(outcome.durationMs).toBeLessThan(10_000);
  });
});
