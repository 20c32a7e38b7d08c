import { rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PILLION } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { everySecond, type RunningCron, startCron } from './support/cron.ts';
import { LAYOUTS } from './support/layouts.ts';
import { startProgram, succeeds } from './support/program.ts';

const temp = useTempDir();
const WITHIN_MS = 2000;
const STALL_CHECK_MS = 50;

async function expectOutput(cron: RunningCron, text: string): Promise<void> {
  await waitFor(() => cron.output().includes(text), { what: text });
}

/** How long this machine has kept a timer of this process waiting, in milliseconds: what it may do to others, too. */
function watchStalls(): { longest(): number } {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - STALL_CHECK_MS);
    last = now;
  }, STALL_CHECK_MS);
  onTestFinished(() => clearInterval(timer));
  return { longest: () => 3 * longest };
}

/** A crontab with so many jobs that are not due. */
const rareJobs = (count: number): string => '0 0 29 2 * true\n'.repeat(count);

const canUnshare = succeeds('unshare', '-Ur', 'true');
if (!canUnshare) {
  console.warn('NOT TESTED: reloads where there are no notifications, which needs namespaces (unshare -Ur)');
}
// A namespace whose processes may have no inotify instance: fs.watch fails there with EMFILE.
const withoutInotify = [
  'unshare',
  '-Ur',
  'sh',
  '-c',
  'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"',
  '-',
];
const SYSTEMS: [system: string, prefix: readonly string[]][] = [
  ['by a notification', []],
  ['by looking, where the system gives no notifications', withoutInotify],
];

describe.each(SYSTEMS)('a change is taken within two seconds %s,', (_system, prefix) => {
  it.runIf(prefix.length === 0 || canUnshare).each(Object.entries(LAYOUTS))(
    'when the crontab %s',
    async (_way, layoutOf) => {
      const stalls = watchStalls();
      const layout = layoutOf();
      const file = await layout.create(temp.path, rareJobs(1));
      const cron = startProgram(temp.path, [...prefix, PILLION, 'cron', file]);
      await cron.waitForLog('the start', ({ msg }) => msg === 'scheduling');
      for (const jobs of [2, 3]) {
        await layout.change(temp.path, rareJobs(jobs));
        const changed = Date.now();
        const reloaded = (line: Readonly<Record<string, unknown>>) =>
          line['msg'] === 'reloaded' && line['jobs'] === jobs;
        const { ts } = await cron.waitForLog(`the reload of ${jobs} jobs`, reloaded);
        expect(Date.parse(String(ts)) - changed).toBeLessThan(WITHIN_MS + stalls.longest());
      }
    },
  );
});

describe('a changed crontab', () => {
  it('is taken when it comes back after it was gone, and until then the old table stays', async () => {
    const cron = await startCron(temp.path, everySecond('echo first'));
    await expectOutput(cron, 'first');
    await rm(cron.file);
    await cron.waitForLog('there is no such file');
    const seen = cron.output().length;
    await waitFor(() => cron.output().length > seen, { what: 'the old job to go on' });
    await cron.write(everySecond('echo recreated'));
    await expectOutput(cron, 'recreated');
  });

  it.each(['SIGHUP', 'SIGUSR2'] as const)('is taken at %s, also when it is not watched', async (signal) => {
    const cron = await startCron(temp.path, everySecond('echo first'), ['--watch=false']);
    await expectOutput(cron, 'first');
    await cron.write(everySecond('echo second'));
    cron.signal(signal);
    await expectOutput(cron, 'second');
  });

  it('leaves running jobs alone and starts none twice, whether their line stays or goes', async () => {
    const ticks = async () => {
      const { body } = await cron.get('/metrics');
      return Number(/pillion_cron_runs_total\{job="tick",result="success"\} (\d+)/.exec(body)?.[1] ?? 0);
    };
    const tick = `# pillion: name=tick\n${everySecond('true')}`;
    const kept = `# pillion: name=kept\n@reboot echo kept-start; sleep 4; echo kept-end\n`;
    const gone = `# pillion: name=gone\n@reboot echo gone-start; sleep 4; echo gone-end\n`;
    const cron = await startCron(temp.path, tick + kept + gone, ['--http-bind=127.0.0.1:0']);
    await expectOutput(cron, 'gone-start');
    const before = await waitFor(ticks, { what: 'a success' });
    await cron.write(`${everySecond('echo new')}${kept}${tick}`);
    await expectOutput(cron, 'new');
    expect(await ticks()).toBeGreaterThanOrEqual(before);
    const status = JSON.parse((await cron.get('/status')).body) as {
      jobs: { job: string; running: unknown[] }[];
      retired: { job: string }[];
    };
    expect(status.jobs.find(({ job }) => job === 'kept')?.running).toHaveLength(1);
    expect(status.retired.map(({ job }) => job)).toEqual(['gone']);
    await waitFor(() => cron.output().includes('kept-end') && cron.output().includes('gone-end'), {
      what: 'the ends',
    });
    expect(cron.output().filter((line) => line.endsWith('-start'))).toHaveLength(2);
  });

  it('that is invalid keeps the old table, says where it is wrong, and shows in metrics and status', async () => {
    const cron = await startCron(temp.path, everySecond('echo old'), ['--http-bind=127.0.0.1:0']);
    await expectOutput(cron, 'old');
    await cron.write('61 * * * * x\n');
    const line = await cron.waitForLog('cannot reload');
    expect(line).toContain(':1:1: minute 61 is not in 0-59');
    expect((await cron.get('/metrics')).body).toContain('pillion_cron_reload_failed 1');
    expect((await cron.get('/status')).body).toContain('"ok":false');
    const seen = cron.output().length;
    await waitFor(() => cron.output().length > seen + 1, { what: 'the old job to go on' });
    await cron.write(everySecond('echo mended'));
    await expectOutput(cron, 'mended');
    expect((await cron.get('/metrics')).body).toContain('pillion_cron_reload_failed 0');
  });
});
