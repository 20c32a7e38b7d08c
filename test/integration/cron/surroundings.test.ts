import { spawn } from 'node:child_process';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useProgramsForOthers } from '../../support/for-others.ts';
import { processesWithMarker } from '../../support/processes.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { everySecond, parseLog, startCron } from './support/cron.ts';

const temp = useTempDir();
const programsForOthers = useProgramsForOthers();
const NOBODY = 65_534;

describe('the working directory of jobs', () => {
  it.each([
    ['removed', (tree: string) => rm(tree, { recursive: true })],
    [
      'replaced, as when git-sync publishes another tree',
      async (tree: string) => {
        await rename(tree, `${tree}.old`);
        await mkdir(tree);
        await rm(`${tree}.old`, { recursive: true });
      },
    ],
  ])('may be %s: they run on', async (_how, change) => {
    const tree = temp.join('tree');
    await mkdir(tree);
    const cron = await startCron(temp.path, everySecond('echo ran'), ['--watch=false'], { cwd: tree });
    await waitFor(() => cron.output().includes('ran'), { what: 'a run' });
    await change(tree);
    const runs = () => cron.log().filter(({ msg }) => msg === 'job succeeded').length;
    const before = runs();
    await waitFor(() => runs() >= before + 2, { what: 'two more runs' });
    expect(cron.stderr()).not.toContain('cannot start');
  });

  it.runIf(process.getuid?.() === 0)('may be one that our user cannot enter', async () => {
    const [closed, crontab] = [temp.join('closed'), temp.join('crontab')];
    await mkdir(closed);
    await chmod(closed, 0o700);
    await chmod(temp.path, 0o755);
    await writeFile(crontab, '@reboot echo ran\n');
    const { node, pillion, PATH } = await programsForOthers();
    const child = spawn(node, [pillion, 'cron', crontab], {
      cwd: closed,
      uid: NOBODY,
      gid: NOBODY,
      env: { PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const log = () => parseLog(output.slice(0, output.lastIndexOf('\n') + 1).split('\n'));
    await waitFor(() => log().some(({ msg }) => msg === 'ran'), { what: 'a run' });
  });
});

describe('what a job cannot be started with', () => {
  it.each([
    ['a missing shell', 'SHELL=/bin/fish\n@reboot true\n', 'the shell /bin/fish does not exist'],
    ['a shell that is no program', 'SHELL=/etc/passwd\n@reboot true\n', 'the shell /etc/passwd '],
  ])('is named: %s', async (_what, crontab, expected) => {
    const cron = await startCron(temp.path, crontab);
    expect(await cron.waitForLog('cannot start')).toContain(expected);
  });

  it('is named: a missing program of a list', async () => {
    const yaml = 'jobs:\n  - { schedule: "@reboot", command: [no-such-program, hunter2] }\n';
    const cron = await startCron(temp.path, yaml, [], { fileName: 'jobs.yaml' });
    expect(await cron.waitForLog('cannot start')).toContain('the program no-such-program is not in PATH');
    expect(cron.stderr()).not.toContain('hunter2');
  });
});

describe('what a job leaves running', () => {
  async function leave(options: Parameters<typeof startCron>[3], line = '') {
    const place = temp.join('place');
    await mkdir(place, { recursive: true });
    const command = `cd ${place}; (sleep 300; touch never) & echo left`;
    return startCron(temp.path, `${line}@reboot ${command}\n`, [], options);
  }
  const left = () => processesWithMarker(temp.join('place'));

  it('is ended with it, and the log names it and what would keep it', async () => {
    const cron = await leave({});
    const line = await cron.waitForLog('ended what the job had left running');
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', hint: expect.stringContaining('leftovers=') });
    await waitFor(() => left().length === 0, { what: 'the end of what the job left' });
  });

  it.each([
    ['with leftovers=keep', {}, '# pillion: leftovers=keep\n', true],
    ['with leftovers=wait, and the run with it', {}, '# pillion: leftovers=wait\n', false],
    ['under the name supercronic, and the run with it', { startedAs: 'supercronic' }, '', false],
  ])('lives on %s', async (_when, options, comment, ends) => {
    const cron = await leave(options, comment);
    await cron.waitForLog('"left"');
    if (ends) {
      await cron.waitForLog('job succeeded');
    }
    // Half a second after a job the pipes of what it left would have been closed.
    const until = performance.now() + 1500;
    await waitFor(() => performance.now() > until, { what: 'time for it to be ended' });
    expect(left().map(({ command }) => command)).toContain('sleep 300');
    expect(cron.stderr().includes('job succeeded')).toBe(ends);
    for (const { pid } of left()) {
      process.kill(pid, 'SIGKILL');
    }
    await cron.waitForLog('job succeeded');
  });

  it('under the name supercronic finishes what it does in the background, as there', async () => {
    const mark = path.join(temp.path, 'mark');
    const cron = await startCron(
      temp.path,
      `@reboot (sleep 1; echo late; touch ${mark}) & echo early\n`,
      [],
      {
        startedAs: 'supercronic',
      },
    );
    await cron.waitForLog('job succeeded');
    expect(cron.output()).toEqual(['early', 'late']);
  });
});
