import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PILLION } from '../../support/pillion.ts';
import { expectNoProcess, treeOf } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startCron } from './support/cron.ts';

const temp = useTempDir();

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canUnshare = succeeds('unshare', '-Urpf', '--mount-proc', 'true');

describe('SIGTERM', () => {
  it('begins nothing new, lets running jobs finish and exits with 0', async () => {
    const marks = temp.join('marks');
    const cron = await startCron(
      temp.path,
      `@reboot sleep 1; echo finished > ${marks}\n* * * * * * * true\n`,
    );
    await cron.waitForLog(/"msg":"starting","job":"sleep"/);
    const before = performance.now();
    cron.signal('SIGTERM');
    const from = cron.lines().length;
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeLessThan(5000);
    expect(readFileSync(marks, 'utf8')).toBe('finished\n');
    const after = cron
      .lines()
      .slice(from)
      .filter((line) => line.includes('"msg":"starting"'));
    expect(after).toEqual([]);
    await expectNoProcess(temp.path);
  });

  it('ends jobs with all their descendants when the grace has passed, also those that ignore SIGTERM', async () => {
    const crontab = [
      `@reboot cd ${temp.path}; sleep 300 & sleep 300 & wait`,
      `# pillion: kill-after=300ms`,
      `@reboot cd ${temp.path}; trap '' TERM; sh -c 'trap "" TERM; while :; do sleep 1; done' & while :; do sleep 1; done`,
    ].join('\n');
    const cron = await startCron(temp.path, `${crontab}\n`, ['--grace=500ms']);
    await waitFor(() => treeOf(cron.pid).length >= 5, { what: 'the process trees' });
    const before = performance.now();
    cron.signal('SIGTERM');
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeLessThan(4000);
    await expectNoProcess(temp.path);
  });

  it('a second time ends everything at once', async () => {
    const cron = await startCron(
      temp.path,
      `@reboot cd ${temp.path}; trap '' TERM; while :; do sleep 1; done\n`,
      ['--grace=5m'],
    );
    await waitFor(() => treeOf(cron.pid).length >= 2, { what: 'the job' });
    cron.signal('SIGTERM');
    await cron.waitForLog('waiting for jobs');
    const before = performance.now();
    cron.signal('SIGTERM');
    await cron.exit;
    expect(performance.now() - before).toBeLessThan(3000);
    await expectNoProcess(temp.path);
  });

  it('leaves no process of a job behind that has ended and left some', async () => {
    const cron = await startCron(temp.path, `@reboot cd ${temp.path}; sleep 300 & echo left\n`);
    await cron.waitForLog('job succeeded');
    await waitFor(() => treeOf(cron.pid).length === 0, { what: 'the end of what the job left' });
  });
});

describe('as PID 1', () => {
  // Every second a job leaves an orphan that ends by itself: somebody has to reap it.
  const orphans = `* * * * * * * setsid sh -c 'sleep 0.2' & true\n# pillion: leftovers=keep\n* * * * * * * (sleep 0.1 &)\n`;
  const namespace = (...command: string[]) =>
    ['unshare', '-Urpf', '--mount-proc', '--kill-child', ...command] as const;

  it.runIf(canUnshare)('ends cleanly at SIGTERM and says when nobody reaps orphans', async () => {
    const { startProgram } = await import('./support/program.ts');
    const running = await startProgram(temp.path, orphans, (file) =>
      namespace(process.execPath, PILLION, 'cron', '--no-reap', file),
    );
    await running.waitForOutput('job succeeded');
    expect(await running.stop()).toBe(0);
  });

  it.runIf(canUnshare && succeeds('tini', '--version'))('leaves no zombie below tini', async () => {
    const { startProgram } = await import('./support/program.ts');
    const running = await startProgram(temp.path, orphans, (file) => namespace(PILLION, 'cron', file));
    await running.waitForOutput('job succeeded', 3);
    await waitFor(() => treeOf(running.pid).every(({ state }) => state !== 'Z'), { what: 'no zombies' });
    expect(await running.stop()).toBe(0);
  });
});
