import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PILLION } from '../../support/pillion.ts';
import { expectNoProcess, processesWithMarker, processInfo, treeOf } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { startCron } from './support/cron.ts';
import { type RunningProgram, startProgram, succeeds } from './support/program.ts';

const temp = useTempDir();

const canUnshare = succeeds('unshare', '-Urpf', '--mount-proc', 'true');
const hasTini = succeeds('tini', '--version');
if (!canUnshare || !hasTini) {
  console.warn('NOT TESTED: life as PID 1, which needs namespaces (unshare -Urpf) and tini');
}

describe('SIGTERM', () => {
  it('begins nothing new, lets running jobs finish and exits with 0', async () => {
    const marks = temp.join('marks');
    const cron = await startCron(
      temp.path,
      `@reboot sleep 1; echo finished > ${marks}\n* * * * * * * true\n`,
    );
    await cron.waitForLog(/"msg":"starting","job":"sleep"/);
    cron.signal('SIGTERM');
    // A start may come between the signal and the moment it is heard.
    const heard = await cron.waitForLog(/received SIGTERM/);
    const from = cron.lines().indexOf(heard);
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(cron.log().some(({ msg }) => msg.startsWith('ending jobs'))).toBe(false);
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
    cron.signal('SIGTERM');
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(cron.log().filter(({ msg }) => msg === 'job stopped')).toHaveLength(2);
    await expectNoProcess(temp.path);
  });

  it('waits as long as its options say, however long that is', async () => {
    const marks = temp.join('marks');
    const crontab = [
      // Needs a moment to tidy up, within a limit that no timer of Node holds.
      '# pillion: name=tidy timeout=300ms kill-after=600h',
      `@reboot trap 'sleep 1; echo tidied >> ${marks}; exit 1' TERM; while :; do sleep 0.05; done`,
      '# pillion: name=long',
      `@reboot sleep 2; echo finished >> ${marks}`,
    ].join('\n');
    const cron = await startCron(temp.path, `${crontab}\n`, ['--grace=600h']);
    await cron.waitForLog(/"msg":"starting","job":"long"/);
    cron.signal('SIGTERM');
    expect(await cron.exit).toMatchObject({ code: 0 });
    expect(readFileSync(marks, 'utf8').split('\n').toSorted()).toEqual(['', 'finished', 'tidied']);
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
    cron.signal('SIGTERM');
    // The grace alone would last longer than this test.
    await cron.exit;
    await expectNoProcess(temp.path);
  });

  it('leaves no process of a job behind that has ended and left some', async () => {
    const place = (name: string) => temp.join(name);
    const job = (name: string) => `@reboot mkdir ${place(name)}; cd ${place(name)}; sleep 300 & echo left`;
    // The second shows that what is left would be found.
    const crontab = `${job('ended')}\n# pillion: leftovers=keep\n${job('kept')}\n`;
    const cron = await startCron(temp.path, crontab);
    await waitFor(() => cron.log().filter(({ msg }) => msg === 'job succeeded').length === 2, {
      what: 'both jobs',
    });
    await expectNoProcess(place('ended'));
    const [kept] = processesWithMarker(place('kept'));
    expect(kept?.command).toBe('sleep 300');
    process.kill(kept?.pid ?? 0, 'SIGKILL');
  });
});

describe('as PID 1', () => {
  // Every second jobs leave orphans that end by themselves and have to be reaped.
  const orphans = [
    '* * * * * * * setsid sh -c "sleep 0.2" & true',
    '# pillion: leftovers=keep',
    '* * * * * * * (sleep 0.1 &)',
  ];
  // Ends by nothing but SIGKILL, and prints when it gets SIGTERM.
  const stubborn = [
    '# pillion: name=stubborn kill-after=300ms',
    `@reboot trap 'echo told to end' TERM; echo deaf; while :; do sleep 0.05; done`,
  ];

  async function start(
    crontab: readonly string[],
    flags: readonly string[] = [],
    PATH = process.env['PATH'],
  ) {
    await writeFile(temp.join('crontab'), `${crontab.join('\n')}\n`);
    const namespace = ['unshare', '-Urpf', '--mount-proc', '--kill-child'];
    const command = [process.execPath, PILLION, 'cron', ...flags, temp.join('crontab')];
    const env = `PATH=${PATH ?? ''}`;
    return startProgram(temp.path, [...namespace, '/usr/bin/env', env, ...command]);
  }

  async function runs(program: RunningProgram, times: number): Promise<void> {
    const ended = () => program.log().filter(({ msg }) => msg === 'job succeeded').length >= times;
    await program.waitForLog(`${times} runs`, ended);
  }

  const zombies = (program: RunningProgram) => treeOf(program.pid).filter(({ state }) => state === 'Z');

  it.runIf(canUnshare)('warns when orphans are not reaped, and counts them', async () => {
    const program = await start(orphans, ['--http-bind=127.0.0.1:0'], '/bin/of/nothing');
    await program.waitForLog('the warning', ({ level, msg }) => level === 'warn' && msg.includes('as PID 1'));
    const { port } = await program.waitForLog('the port', ({ msg }) => msg === 'listening');
    await runs(program, 4);
    await waitFor(
      async () => {
        const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
        return /^pillion_cron_zombies [1-9]/m.test(await response.text());
      },
      { what: 'a count of zombies' },
    );
    process.kill(program.init(), 'SIGTERM');
    expect(await program.exit).toBe(0);
  });

  it.runIf(canUnshare && hasTini)('leaves no zombie: it runs below tini', async () => {
    const program = await start(orphans);
    await runs(program, 6);
    await waitFor(() => zombies(program).length === 0, { what: 'no zombies' });
    const becomesTini = typeof Reflect.get(process, 'execve') === 'function';
    const first = processInfo(program.init())?.command ?? '';
    expect(first.split(' ')[0]).toBe(becomesTini ? 'tini' : process.execPath);
    process.kill(program.init(), 'SIGTERM');
    expect(await program.exit).toBe(0);
    await expectNoProcess(temp.path);
  });

  it.runIf(canUnshare && hasTini).each([
    ['below tini', []],
    ['alone', ['--no-reap']],
  ])('at SIGTERM waits for the grace, then sends SIGTERM, then SIGKILL: %s', async (_how, flags) => {
    const program = await start([...stubborn, ...orphans], ['--grace=700ms', ...flags]);
    await program.waitForLog('the job', ({ msg }) => msg === 'deaf');
    process.kill(program.init(), 'SIGTERM');
    expect(await program.exit).toBe(0);
    const messages = program.log().map(({ msg }) => msg);
    const order = [
      'waiting for jobs to finish',
      'ending jobs: the grace period has passed',
      'told to end',
      'stopped',
    ];
    const places = order.map((message) => messages.indexOf(message));
    expect(places, messages.join('\n')).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    const at = (message: string) =>
      Date.parse(String(program.log().find(({ msg }) => msg === message)?.['ts']));
    expect(
      at('ending jobs: the grace period has passed') - at('waiting for jobs to finish'),
    ).toBeGreaterThanOrEqual(690);
    expect(at('stopped') - at('told to end')).toBeGreaterThanOrEqual(200);
    await expectNoProcess(temp.path);
  });
});
