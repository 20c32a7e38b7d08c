import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PILLION } from '../../support/pillion.ts';
import { treeOf } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { everySecond, parseLog, startCron } from './support/cron.ts';

const temp = useTempDir();

describe('the output of a job', () => {
  it.each([
    ['> /dev/stdout', 'echo said > /dev/stdout', 'stdout'],
    ['> /dev/stderr', 'echo said > /dev/stderr', 'stderr'],
    ['>> /dev/stdout', 'echo said >> /dev/stdout', 'stdout'],
    ['| tee /dev/stderr', 'echo said | tee /dev/stderr >/dev/null', 'stderr'],
    ['> /proc/self/fd/1', 'echo said > /proc/self/fd/1', 'stdout'],
    ['> /dev/fd/2', 'echo said > /dev/fd/2', 'stderr'],
    ['> /proc/1/fd/1 as written for another PID', 'echo said > /proc/$$/fd/1', 'stdout'],
  ])('goes where %s says, as under a shell', async (_way, command, channel) => {
    const cron = await startCron(temp.path, `@reboot ${command}\n`);
    await cron.waitForLog('job succeeded');
    expect(cron.log().filter(({ msg }) => msg === 'said')).toMatchObject([{ channel }]);
  });

  it('can be read by path when it is its input', async () => {
    const cron = await startCron(temp.path, '@reboot cat /dev/stdin /proc/self/fd/0%first%second\n', [
      '--vixie-percent',
    ]);
    await cron.waitForLog('job succeeded');
    expect(cron.output()).toEqual(['first', 'second']);
  });

  it('that floods slows down only the job that floods: others start, probes are answered, SIGTERM ends all', async () => {
    const crontab = `# pillion: name=flood\n@reboot exec yes flood\n# pillion: name=tick\n${everySecond('echo tick')}`;
    const cron = await startCron(temp.path, crontab, ['--http-bind=127.0.0.1:0', '--grace=100ms']);
    await waitFor(() => cron.output().includes('flood'), { what: 'the flood' });
    const ticks = () => cron.output().filter((line) => line === 'tick').length;
    const seen = ticks();
    await waitFor(() => ticks() >= seen + 5, { what: 'five runs of the other job', intervalMs: 200 });
    expect((await cron.get('/livez')).status).toBe(200);
    expect((await cron.get('/metrics')).body).toContain('pillion_cron_running{job="flood"} 1');
    cron.signal('SIGTERM');
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(treeOf(cron.pid)).toEqual([]);
  });

  it.each([
    ['as log lines', []],
    ['as it is', ['--passthrough-logs']],
  ])(
    'waits for a reader that reads no more, %s: jobs that print nothing go on, probes are answered, SIGTERM ends all',
    async (_how, flags) => {
      const [file, marks] = [temp.join('crontab'), temp.join('marks')];
      writeFileSync(file, `@reboot exec yes flood\n${everySecond(`echo x >> ${marks}`)}`);
      const args = ['cron', '--http-bind=127.0.0.1:0', '--grace=100ms', ...flags, file];
      const child = spawn(PILLION, args, { cwd: temp.path, stdio: ['ignore', 'pipe', 'pipe'] });
      const exit = once(child, 'exit');
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      const listening = () =>
        parseLog(output.split('\n').slice(0, -1)).find(({ msg }) => msg === 'listening');
      const { port } = await waitFor(listening, { what: 'the port' });
      child.stderr.pause();
      const count = () => readFileSync(marks, 'utf8').length;
      const seen = await waitFor(count, { what: 'a run' });
      await waitFor(() => count() >= seen + 8, { what: 'runs of the silent job' });
      const live = await fetch(`http://127.0.0.1:${String(port)}/livez`);
      expect(live.status).toBe(200);
      child.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    },
  );
});
