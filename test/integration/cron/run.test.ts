import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHookServer } from '../../support/hook-server.ts';
import { runPillion, startPillion } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { everySecond, parseLog, startCron } from './support/cron.ts';

const temp = useTempDir();

describe('pillion cron', () => {
  it('runs the jobs of a crontab and prints their output as lines with job and run', async () => {
    const cron = await startCron(
      temp.path,
      `A=1\n${everySecond('echo "out $A $INHERITED"; echo err >&2')}`,
      [],
      {
        env: { INHERITED: 'yes' },
      },
    );
    await waitFor(() => cron.output().length >= 4, { what: 'two runs' });
    const line = cron.log().find(({ msg }) => msg === 'out 1 yes');
    expect(line).toMatchObject({ level: 'info', job: 'echo', channel: 'stdout' });
    expect(cron.log().find(({ msg }) => msg === 'err')).toMatchObject({
      channel: 'stderr',
      run: line?.['run'],
    });
    expect(cron.log().filter(({ msg }) => msg === 'job succeeded').length).toBeGreaterThanOrEqual(1);
  });

  it('serves health, metrics and status of its jobs by name and never shows their command lines', async () => {
    const crontab = [
      '# pillion: name=good',
      everySecond('echo fine; : hunter2'),
      '# pillion: name=bad exit-codes=9:final retries=3',
      everySecond('exit 9'),
      '# pillion: name=rare',
      '0 0 29 2 * true',
    ].join('\n');
    const cron = await startCron(temp.path, crontab, ['--http-bind=127.0.0.1:0', '--metrics-compat']);
    await waitFor(() => cron.log().filter(({ msg }) => msg === 'job succeeded').length >= 2, {
      what: 'two runs',
    });
    await cron.waitForLog('error running command');
    const metrics = (await cron.get('/metrics')).body;
    expect(metrics).toMatch(/pillion_cron_runs_total\{job="good",result="success"\} [1-9]/);
    expect(metrics).toMatch(/pillion_cron_runs_total\{job="bad",result="failure"\} [1-9]/);
    expect(metrics).toMatch(/pillion_cron_last_exit_code\{job="bad"\} 9/);
    expect(metrics).toMatch(/pillion_cron_last_success_timestamp_seconds\{job="good"\} \d/);
    expect(metrics).toMatch(/pillion_cron_next_run_timestamp_seconds\{job="rare"\} \d/);
    expect(metrics).toMatch(
      /supercronic_executions\{command="good",position="0",schedule="\* \* \* \* \* \* \*"\} [1-9]/,
    );
    const { body } = await cron.get('/status');
    const status = JSON.parse(body) as {
      jobs: { job: string; next: string; history: { result: string }[] }[];
    };
    expect(status.jobs.map(({ job }) => job)).toEqual(['good', 'bad', 'rare']);
    expect(status.jobs[1]?.history[0]?.result).toBe('failure');
    expect(status.jobs[2]?.next).toMatch(/-02-29T00:00:00/);
    for (const pathname of ['/livez', '/readyz', '/health']) {
      expect((await cron.get(pathname)).status).toBe(200);
    }
    expect(metrics + body + cron.stderr()).not.toContain('hunter2');
  });

  it('pings and posts what came of a run, and keeps the secret address out of its log', async () => {
    const hook = await startHookServer({ status: 500 }, { status: 200 });
    try {
      const crontab = [
        `# pillion: name=ok ping=$PING_URL on-success=${hook.url}/won`,
        '@reboot exit 0',
        `# pillion: name=broken ping=${hook.url}/ping/broken on-failure=${hook.url}/lost`,
        '@reboot exit 4',
      ].join('\n');
      const cron = await startCron(temp.path, crontab, [], {
        env: { PING_URL: `${hook.url}/ping/secret-id` },
      });
      await waitFor(() => hook.requests.length >= 7, { what: 'all pings' });
      const paths = hook.requests.map(({ path }) => path);
      expect(new Set(paths)).toEqual(
        new Set([
          '/ping/secret-id/start',
          '/ping/secret-id',
          '/won',
          '/ping/broken/start',
          '/ping/broken/fail',
          '/lost',
        ]),
      );
      const lost = JSON.parse(hook.requests.find(({ path }) => path === '/lost')?.body ?? '{}') as unknown;
      expect(lost).toMatchObject({ job: 'broken', result: 'failure', exitCode: 4, attempts: 1 });
      expect(cron.stderr()).not.toContain('secret-id');
    } finally {
      await hook.stop();
    }
  });

  it('shows neither the address of a ping nor its path where a job prints them, before it is called or after a reload', async () => {
    const hook = await startHookServer();
    onTestFinished(() => hook.stop());
    const crontab = (token: string) =>
      [
        `# pillion: name=${token} on-failure=${hook.url}/hooks/${token}-canary-0123456789`,
        everySecond(`echo ${token} ${hook.url}/hooks/${token}-canary-0123456789`),
        everySecond(`echo ${token} /hooks/${token}-canary-0123456789/fail`),
      ].join('\n');
    const cron = await startCron(temp.path, crontab('first'));
    const printed = (token: string) => cron.output().filter((line) => line.startsWith(`${token} `));
    await waitFor(() => printed('first').length >= 2, { what: 'what the jobs print' });
    await cron.write(crontab('second'));
    cron.signal('SIGUSR2');
    await waitFor(() => printed('second').length >= 2, { what: 'what the jobs print after the reload' });
    expect(hook.requests).toEqual([]);
    expect(new Set(printed('second'))).toEqual(new Set(['second REDACTED', 'second REDACTED/fail']));
    expect(cron.stderr()).not.toContain('canary');
  });

  it('prints at most a warning per job and minute, however often a job comes too early', async () => {
    const cron = await startCron(temp.path, everySecond('sleep 5'), ['--http-bind=127.0.0.1:0']);
    await waitFor(() => cron.log().some(({ msg }) => msg === 'job succeeded'), { what: 'the end of a run' });
    expect((await cron.get('/metrics')).body).toMatch(
      /^pillion_cron_skipped_total\{job="sleep",reason="overlap"\} ([2-9]|\d\d)/m,
    );
    expect((await cron.get('/status')).body).toMatch(/"skipped":\{"overlap":([2-9]|\d\d)/);
    const warnings = cron.log().filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.msg).toContain('still running');
  });

  it('refuses a schedule that can never fire, or with --lenient warns and has NaN for its next run', async () => {
    const crontab = '# pillion: name=never\n0 0 31 2 * true\n';
    await writeFile(temp.join('refused'), crontab);
    expect(await runPillion(['cron', temp.join('refused')])).toMatchObject({ code: 1 });
    const cron = await startCron(temp.path, crontab, ['--lenient', '--http-bind=127.0.0.1:0']);
    await cron.waitForLog('can never fire');
    expect((await cron.get('/metrics')).body).toMatch(
      /^pillion_cron_next_run_timestamp_seconds\{job="never"\} NaN/im,
    );
  });

  it('runs one job now with its environment, and ends with its exit code', async () => {
    await writeFile(
      temp.join('crontab'),
      'A=7\n# pillion: name=manual\n0 0 1 1 * echo "A=$A $PILLION_JOB"; exit "$A"\n',
    );
    const result = await runPillion(['cron', 'run', temp.join('crontab'), 'manual']);
    expect(result.code).toBe(7);
    expect(parseLog(result.stderr.split('\n')).map(({ msg }) => msg)).toContain('A=7 manual');
  });

  it('makes up for a start that was missed while it was killed, and not for one that was served', async () => {
    const marks = temp.join('marks');
    const flags = [`--state-file=${temp.join('state.json')}`];
    const crontab = `# pillion: name=tick catch-up=1h\n* * * * * * 2098-2099 echo never\n`;
    const first = await startCron(temp.path, crontab, flags);
    await first.waitForLog('scheduling');
    first.signal('SIGKILL');
    await first.exit;
    // As if the job had last been served half an hour ago, under a schedule that was due since.
    const state = JSON.stringify({
      version: 1,
      jobs: { tick: { scheduled: Date.now() - 1_800_000, finished: true, tries: 1 } },
    });
    await writeFile(temp.join('state.json'), state);
    const hourly = `# pillion: name=tick catch-up=1h\n*/10 * * * * echo x >> ${marks}\n`;
    const second = await startCron(temp.path, hourly, flags);
    await second.waitForLog('job succeeded');
    expect(second.log().some(({ msg }) => msg.startsWith('catching up'))).toBe(true);
    const noted = async () => (await readFile(temp.join('state.json'), 'utf8')).includes('"finished":true');
    await waitFor(noted, { what: 'the note that it was served' });
    second.signal('SIGKILL');
    await second.exit;
    const third = await startCron(temp.path, hourly, flags);
    await third.waitForLog('scheduling');
    await third.stop();
    expect(third.log().some(({ msg }) => msg.startsWith('catching up'))).toBe(false);
    expect(await readFile(marks, 'utf8')).toBe('x\n');
  });
});

describe('RUNAT', () => {
  /** Times of day in UTC, the first some seconds ahead: however long the start takes, one of them is to come. */
  const soon = (): string[] =>
    Array.from({ length: 30 }, (_, index) =>
      new Date(Date.now() + (2 + 3 * index) * 1000).toISOString().slice(11, 19),
    );

  it('runs the arguments of the container at each of its times of day, with their own flags', async () => {
    const times = soon();
    const running = await startPillion(['cron', 'sh', '-c', 'echo "done $0"', '--debug'], {
      env: { RUNAT: times.join(','), TZ: 'UTC' },
    });
    await running.waitForLog('done --debug');
    await running.waitForLog('job succeeded');
    const { code } = await running.stop();
    expect(code).toBe(0);
    const seconds = parseLog(running.lines())
      .filter(({ msg }) => msg === 'starting')
      .map(({ ts }) => String(ts).slice(11, 19));
    expect(new Set(seconds).size).toBe(seconds.length);
  });

  it('goes on after a failure, or ends with its exit code when asked to', async () => {
    const running = await startPillion(['cron', '--exit-on-failure', 'sh', '-c', 'exit 6'], {
      env: { RUNAT: soon().join(','), TZ: 'UTC' },
    });
    expect(await running.exit).toMatchObject({ code: 6 });
    await running.stop();
  });

  it('with a crontab, without a command or with a bad time is a usage error', async () => {
    await writeFile(temp.join('crontab'), '* * * * * true\n');
    const both = await runPillion(['cron', temp.join('crontab')], { env: { RUNAT: '02:30' } });
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('is no program') });
    expect(await runPillion(['cron'], { env: { RUNAT: '02:30' } })).toMatchObject({ code: 2 });
    const bad = await runPillion(['cron', 'true'], { env: { RUNAT: '24:00' } });
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('midnight is 00:00') });
  });
});
