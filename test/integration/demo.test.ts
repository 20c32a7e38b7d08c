import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { expectNoProcess, processesWithMarker } from '../support/processes.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();

type Demo = ChildProcessByStdio<null, Readable, null>;

/** The demo as `make demo` starts it, in a process group of its own like a terminal's job; resolves when it has shown `line`. */
async function demoAt(line: string): Promise<Demo> {
  const demo = spawn('node_modules/.bin/tsx', ['scripts/demo.ts'], {
    env: { ...process.env, TMPDIR: temp.path, PILLION_DEMO_INTERACTIVE: 'yes' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  onTestFinished(() => {
    for (const { pid } of processesWithMarker(temp.path)) {
      process.kill(pid, 'SIGKILL');
    }
  });
  let output = '';
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await waitFor(() => output.includes(line), { what: `the demo to say "${line}"`, timeoutMs: 60_000 });
  return demo;
}

async function expectNothingLeft(): Promise<void> {
  await expectNoProcess(temp.path, 30_000);
  const left = await readdir(temp.path);
  expect(left.filter((name) => name.startsWith('pillion-'))).toEqual([]);
}

it('the demo ends on Ctrl-C in the middle of a step, and leaves no process and no file', async () => {
  const demo = await demoAt('503');
  const exit = once(demo, 'exit');
  process.kill(-(demo.pid ?? 0), 'SIGINT');
  expect(await exit).toEqual([130, null]);
  await expectNothingLeft();
});

it('the demo ends when nobody reads its output any more, and leaves no process and no file', async () => {
  const demo = await demoAt('503');
  const exit = once(demo, 'exit');
  demo.stdout.destroy();
  await exit;
  await expectNothingLeft();
});
