import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { everySecond, type RunningCron, startCron } from './support/cron.ts';

const temp = useTempDir();
const WITHIN_MS = 2000;

/** Waits for the output of a new job; the limit is the promise, with a second for the job's own tick. */
async function expectOutput(cron: RunningCron, text: string): Promise<void> {
  await waitFor(() => cron.output().includes(text), { what: text, timeoutMs: WITHIN_MS + 1500 });
}

describe('a changed crontab', () => {
  it('is taken within two seconds, however it was changed', async () => {
    const cron = await startCron(temp.path, everySecond('echo first'));
    await expectOutput(cron, 'first');
    await cron.write(everySecond('echo written'));
    await expectOutput(cron, 'written');
    await writeFile(temp.join('new'), everySecond('echo renamed'));
    await rename(temp.join('new'), cron.file);
    await expectOutput(cron, 'renamed');
    await rm(cron.file);
    await cron.waitForLog('there is no such file');
    await cron.write(everySecond('echo recreated'));
    await expectOutput(cron, 'recreated');
  });

  it('is taken when it is a ConfigMap whose ..data link is swapped', async () => {
    const mount = temp.join('mount');
    await mkdir(path.join(mount, '..2025_1'), { recursive: true });
    await writeFile(path.join(mount, '..2025_1', 'crontab'), everySecond('echo one'));
    await symlink('..2025_1', path.join(mount, '..data'));
    await symlink('..data/crontab', path.join(mount, 'jobs'));
    const { startPillion } = await import('../../support/pillion.ts');
    const cron = await startPillion(['cron', path.join(mount, 'jobs')]);
    try {
      await cron.waitForLog('"one"');
      for (const name of ['two', 'three']) {
        const version = `..2025_${name}`;
        await mkdir(path.join(mount, version));
        await writeFile(path.join(mount, version, 'crontab'), everySecond(`echo ${name}`));
        await symlink(version, path.join(mount, '..data_tmp'));
        await rename(path.join(mount, '..data_tmp'), path.join(mount, '..data'));
        await cron.waitForLog(`"${name}"`, { timeoutMs: WITHIN_MS + 1500 });
      }
    } finally {
      await cron.stop();
    }
  });

  it.each(['SIGHUP', 'SIGUSR2'] as const)('is taken at %s, also when nobody watches it', async (signal) => {
    const cron = await startCron(temp.path, everySecond('echo first'), ['--watch=false']);
    await expectOutput(cron, 'first');
    await cron.write(everySecond('echo second'));
    cron.signal(signal);
    await expectOutput(cron, 'second');
  });

  it('leaves running jobs alone and starts none twice, whether their line stays or goes', async () => {
    const kept = `# pillion: name=kept\n@reboot echo kept-start; sleep 4; echo kept-end\n`;
    const gone = `# pillion: name=gone\n@reboot echo gone-start; sleep 4; echo gone-end\n`;
    const cron = await startCron(temp.path, kept + gone, ['--http-bind=127.0.0.1:0']);
    await expectOutput(cron, 'gone-start');
    await cron.write(`${everySecond('echo new')}${kept}`);
    await expectOutput(cron, 'new');
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
