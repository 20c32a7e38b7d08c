/** glibc is told how to keep this program's memory, and those that it starts are not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { MALLOC_VALUE, MALLOC_VARIABLE } from '../../src/core/process/malloc.ts';
import { PILLION } from '../support/pillion.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();

it('the program has the setting of its memory, and a job has not', async () => {
  const environment = temp.join('environment');
  await writeFile(
    temp.join('crontab'),
    `* * * * * * * env -0 > ${environment}.new; mv ${environment}.new ${environment}\n`,
  );
  const child = spawn(PILLION, ['cron', temp.join('crontab')], {
    env: process.env,
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await (child.exitCode ?? once(child, 'exit'));
  });
  const ofJob = await waitFor(() => readFile(environment, 'utf8'), { what: 'the environment of a job' });
  const setting = (text: string) => text.split('\0').find((line) => line.startsWith(`${MALLOC_VARIABLE}=`));
  expect(setting(ofJob)).toBeUndefined();
  expect(setting(await readFile(`/proc/${child.pid}/environ`, 'utf8'))).toBe(
    `${MALLOC_VARIABLE}=${MALLOC_VALUE}`,
  );
});
