import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runPillion } from '../../support/pillion.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { everySecond, startCron } from './support/cron.ts';

const temp = useTempDir();

async function crontab(text: string): Promise<string> {
  const file = temp.join('crontab');
  await writeFile(file, text);
  return file;
}

describe('the commands of pillion cron', () => {
  it('test reports every error with file, line and column, and exits with 1', async () => {
    const file = await crontab('61 * * * * a\n@dayly b\n0 0 31 2 * c\n');
    const result = await runPillion(['cron', 'test', file]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${file}:1:1: minute 61 is not in 0-59`);
    expect(result.stderr).toContain(`${file}:2:1: unknown macro "@dayly" (did you mean @daily?)`);
    const never = await runPillion(['cron', 'test', await crontab('0 0 31 2 * c\n')]);
    expect(never.stderr).toContain('can never fire');
    expect((await runPillion(['cron', 'test', '--lenient', file])).code).toBe(0);
    expect((await runPillion(['cron', 'test', await crontab('@daily c\n')])).code).toBe(0);
  });

  it('next lists the coming starts with what clock changes do to them', async () => {
    const file = await crontab('30 2 * * * nightly\n0 * * * * hourly\n');
    const flags = ['--from', '2025-03-09T01:30:00-05:00', '--tz', 'America/New_York', '--count', '3'];
    const json = await runPillion(['cron', 'next', file, ...flags, '--output', 'json']);
    expect(JSON.parse(json.stdout)).toEqual([
      { job: 'nightly', line: 1, at: '2025-03-09T03:00:00-04:00', note: 'after-gap' },
      { job: 'hourly', line: 2, at: '2025-03-09T03:00:00-04:00' },
      { job: 'hourly', line: 2, at: '2025-03-09T04:00:00-04:00' },
    ]);
    const text = await runPillion(['cron', 'next', file, ...flags]);
    expect(text.stdout).toContain('right after the gap');
  });

  it.each([
    ['CET-1CEST', '+02:00'],
    ['EST5EDT,M3.2.0,M11.1.0', '-04:00'],
    ['<+03>-3', '+03:00'],
    ['UTC0', 'Z'],
    ['MST7', '-07:00'],
    ['JST-9', '+09:00'],
    [':/etc/localtime', expect.any(String)],
    ['/usr/share/zoneinfo/Asia/Kolkata', '+05:30'],
    ['', 'Z'],
  ])('next reads TZ=%s as the C library does', async (TZ, offset) => {
    const file = await crontab('0 12 * * * noon\n');
    const flags = ['--from', '2025-07-01T00:00:00Z', '--count', '1', '--output', 'json'];
    const { stdout, code } = await runPillion(['cron', 'next', file, ...flags], { env: { TZ } });
    expect(code).toBe(0);
    const [start] = JSON.parse(stdout) as { at: string }[];
    expect(start?.at.slice(10, 19)).toBe('T12:00:00');
    expect(start?.at.slice(19)).toEqual(offset);
  });

  it('a TZ that is no zone is exit code 2, and not UTC without a word', async () => {
    const file = await crontab('@daily x\n');
    expect(await runPillion(['cron', 'next', file], { env: { TZ: 'Mars/Olympus' } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown time zone: TZ=Mars/Olympus'),
    });
    // `date` in a job would take it for UTC: names of zones are names of files.
    expect(await runPillion(['cron', 'next', file], { env: { TZ: 'europe/berlin' } })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/TZ=europe\/berlin[^]*did you mean Europe\/Berlin\?/),
    });
  });

  it('explain says what an expression means, and points at what is wrong with one', async () => {
    const good = await runPillion(['cron', 'explain', '0 0 */2 * mon', '--tz', 'Europe/Berlin']);
    expect(good.stdout).toContain('a day must match both of them');
    expect(good.stdout).toContain('Next, in Europe/Berlin:');
    const bad = await runPillion(['cron', 'explain', '0 24 * * *']);
    expect(bad).toMatchObject({ code: 1 });
    expect(bad.stderr).toContain('  ^ hour 24 is not in 0-23');
    const quartz = ['cron', 'explain', '0 0 12 ? * MON-FRI'];
    expect((await runPillion(quartz)).stderr).toMatch(/MON.* is not a year[^]*--fields=second/);
    expect((await runPillion([...quartz, '--fields=second'])).stdout).toContain('Monday');
  });

  it('a wrong command line is exit code 2 with advice', async () => {
    expect(await runPillion(['cron'])).toMatchObject({ code: 2 });
    expect(await runPillion(['cron', '--graze=1s', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean --grace?'),
    });
    expect(await runPillion(['cron', 'next', await crontab(''), '--from', 'tomorrow'])).toMatchObject({
      code: 2,
    });
    expect(await runPillion(['cron', 'run', await crontab('* * * * * backup\n'), 'backpu'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean backup?'),
    });
  });

  it('every kind of bad line ends the start with 1, with its place and advice; at a reload the old table stays', async () => {
    const bad = [
      ['60 * * * * x', 1, 'minute 60 is not in 0-59'],
      ['60 * * * * * * x', 1, 'second 60 is not in 0-59'],
      ['* 24 * * * x', 3, 'hour 24 is not in 0-23'],
      ['* * 0 * * x', 5, 'day of month 0 is not in 1-31'],
      ['* * * 13 * x', 7, 'month 13 is not in 1-12'],
      ['* * * * mnday x', 9, 'did you mean monday?'],
      ['* * * * 8 x', 9, '0 and 7 are Sunday'],
      ['*/0 * * * * x', 3, 'step "0" of the minute'],
      ['*/5m * * * * x', 3, 'step "5m" of the minute'],
      ['0 0 20-10/2 * * x', 5, 'write 20-31,1-10'],
      ['0 0 * * 5-1 x', 9, 'write 5-6,0-1'],
      ['0 0 L-3 * * x', 5, 'only L, LW and nW'],
      ['0 0 31 2 * x', 1, 'can never fire'],
      ['0 0 1 1 * 2001 x', 1, 'can never fire'],
      ['@dayly x', 1, 'did you mean @daily?'],
      ['@every x', 8, 'write 90s'],
      ['@hourly', 8, 'there is no command'],
      ['FOO', 1, 'a schedule has 5, 6 or 7 fields'],
      ['CRON_TZ=Mars/Olympus', 1, 'a name such as Europe/Berlin'],
      ['# pillion: timeot=5s', 12, 'did you mean timeout?'],
    ] as const;
    const text = `${bad.map(([line]) => line).join('\n')}\n`;
    const good = await startCron(temp.path, everySecond('echo old'));
    await good.waitForLog('"old"');
    await writeFile(good.file, text);
    const refused = await good.waitForLog('cannot reload');
    const after = good.lines().length;
    await good.waitForLog('"old"', { from: after });
    const { code, stderr } = await runPillion(['cron', good.file]);
    expect(code).toBe(1);
    for (const [index, [, column, advice]] of bad.entries()) {
      const place = `${good.file}:${index + 1}:${column}: `;
      expect(refused).toContain(place);
      const reported = stderr.slice(stderr.indexOf(place)).split(/\\n|\n/)[0];
      expect(reported).toContain(advice);
      expect(reported).toMatch(/ \(.+\)/);
    }
  });

  it('a bad or missing crontab ends the start with 1', async () => {
    expect(await runPillion(['cron', await crontab('* * * x\n')])).toMatchObject({ code: 1 });
    expect(await runPillion(['cron', temp.join('none')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no such file'),
    });
  });
});

describe('started as supercronic', () => {
  it('takes its flags in Go syntax, reads its crontabs as it did and has its metrics', async () => {
    const text = `${everySecond('echo "$LATE"')}LATE=applies to the whole file\n`;
    const flags = [
      '-json',
      '-debug',
      '-inotify',
      '-overlapping',
      '-no-reap',
      '-prometheus-listen-address',
      '127.0.0.1:0',
    ];
    const cron = await startCron(temp.path, text, flags, { startedAs: 'supercronic' });
    await cron.waitForLog('applies to the whole file');
    await cron.waitForLog('job succeeded');
    expect((await cron.get('/metrics')).body).toContain('supercronic_successful_executions{');
    expect((await cron.get('/health')).body).toBe('OK\n');
    expect((await cron.stop()).code).toBe(0);
  });

  it('checks a file with -test, prints a version, and knows no sub-commands', async () => {
    const startedAs = 'supercronic';
    expect(await runPillion(['-test', await crontab('* * * * * true\n')], { startedAs })).toMatchObject({
      code: 0,
    });
    expect(await runPillion(['-test', await crontab('* * * * true\n')], { startedAs })).toMatchObject({
      code: 1,
    });
    expect(await runPillion(['-version'], { startedAs })).toMatchObject({ code: 0 });
    expect(await runPillion(['-no-such-flag'], { startedAs })).toMatchObject({ code: 2 });
    expect(await runPillion(['explain', '* * * * *'], { startedAs })).toMatchObject({ code: 2 });
  });

  it('passes the output of jobs on as it is with -passthrough-logs, and splits logs with -split-logs', async () => {
    const text = everySecond('echo plain; echo error >&2');
    const cron = await startCron(temp.path, text, ['-passthrough-logs', '-split-logs'], {
      startedAs: 'supercronic',
    });
    await cron.waitForLog(/^plain$/);
    await cron.waitForLog(/^error$/);
    await cron.waitForLog('job succeeded');
    await cron.stop();
    expect(cron.stdout()).toContain('job succeeded');
    expect(cron.stdout()).toMatch(/^plain$/m);
    expect(cron.stderr()).toMatch(/^error$/m);
    expect(cron.stderr()).not.toContain('job succeeded');
  });
});
