import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectNoProcess, isAlive, processesWithMarker, treeOf } from '../support/processes.ts';
import { makeTempDir, removeTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait-for.ts';

interface Demo {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  /** Its TMPDIR. */
  readonly temp: string;
  output(): string;
  /** What a terminal does at Ctrl-C. */
  interrupt(): void;
}

/** A path below the demo's own directory, or a part of a line that it says. */
type Moment = { readonly path: string } | { readonly line: string };

const DEMO = [process.execPath, 'scripts/demo.ts'] as const;

/** Runs the demo in a process group of its own like a terminal's job, and expects that nothing is left in the end. */
async function withDemo(command: readonly string[], body: (demo: Demo) => Promise<void>): Promise<void> {
  const temp = await makeTempDir();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, TMPDIR: temp, PILLION_DEMO_INTERACTIVE: 'yes' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  const exit = once(child, 'exit') as Demo['exit'];
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const interrupt = () => process.kill(-(child.pid ?? 0), 'SIGINT');
  try {
    await body({ child, exit, temp, output: () => output, interrupt });
    await exit;
    await expectNoProcess(temp, 30_000);
    expect(await readdir(temp)).toEqual([]);
  } finally {
    for (const { pid } of processesWithMarker(temp)) {
      process.kill(pid, 'SIGKILL');
    }
    await removeTempDir(temp);
  }
}

async function reach(demo: Demo, moment: Moment): Promise<void> {
  const isThere = async () => {
    if ('line' in moment) {
      return demo.output().includes(moment.line);
    }
    const [dir] = await readdir(demo.temp);
    return dir !== undefined && readdir(`${demo.temp}/${dir}${moment.path}`).then(() => true);
  };
  await waitFor(isThere, { what: JSON.stringify(moment), timeoutMs: 90_000, intervalMs: 1 });
}

const MOMENTS: readonly Moment[] = [
  { path: '' },
  { path: '/server/templates.git' },
  { path: '/editor' },
  { path: '/volume' },
  { line: 'pillion git-sync' },
  { line: 'readiness of the sidecar answer 503' },
  { line: 'later the page is there' },
  { line: 'a push changes the page' },
  { line: 'a forged webhook is refused' },
  { line: 'a webhook as GitHub sends it' },
  { line: 'a bad push' },
  { line: 'a good push heals it' },
  { line: 'the git server is dead' },
  { line: 'the git server is back' },
  { line: 'the sidecar is killed' },
  { line: 'started again it continues' },
];

/** So many at a time keep the machine busy. */
const AT_A_TIME = 4;
/** Longer than the longest step takes on a quiet machine. */
const STEP_MS = 1500;

describe('Ctrl-C in the demo', () => {
  it('leaves no process and no file, in whichever step it comes and however busy the machine is', async () => {
    const waiting = [...MOMENTS];
    const interruptNext = async (): Promise<void> => {
      for (let moment = waiting.shift(); moment; moment = waiting.shift()) {
        const [at, waitMs] = [moment, Math.random() * STEP_MS];
        await withDemo(DEMO, async (demo) => {
          await reach(demo, at);
          await delay(waitMs);
          demo.interrupt();
          const [code] = await demo.exit;
          const wasComplete = demo.output().includes('SIGTERM ends the sidecar');
          expect(code, `${waitMs} ms after ${JSON.stringify(at)}`).toBe(wasComplete ? 0 : 130);
        });
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, interruptNext));
  });

  it('that comes a second time does not disturb what the first began', async () => {
    await withDemo(DEMO, async (demo) => {
      await reach(demo, { line: '503' });
      demo.interrupt();
      await waitFor(() => processesWithMarker(demo.temp).length < 3, { what: 'the first of them to end' });
      demo.interrupt();
      expect(await demo.exit).toEqual([130, null]);
    });
  });

  it('is waited for by make, however long the demo does not answer', async () => {
    await withDemo(['make', '--silent', '--old-file=build', 'demo'], async (demo) => {
      await reach(demo, { line: '503' });
      const all = treeOf(demo.child.pid ?? 0);
      const sidecar = all.find(({ command }) => command.includes('git-sync --repo='));
      const frozen = [sidecar?.parent ?? 0, ...treeOf(sidecar?.parent ?? 0).map(({ pid }) => pid)];
      const tell = (signal: NodeJS.Signals) => {
        for (const pid of frozen) {
          try {
            process.kill(pid, signal);
          } catch {
            // A git of the sidecar, which has ended by itself.
          }
        }
      };
      tell('SIGSTOP');
      demo.interrupt();
      await delay(1000);
      expect(isAlive(sidecar?.parent ?? 0), 'the demo is there after a second of silence').toBe(true);
      tell('SIGCONT');
    });
  });

  it('ends the visit with the rest of the demo', async () => {
    await withDemo(DEMO, async (demo) => {
      await reach(demo, { line: 'Ctrl-C ends the demo' });
      demo.interrupt();
      expect(await demo.exit).toEqual([0, null]);
      expect(demo.output()).toContain('nothing is left behind');
    });
  });
});

it('the demo ends when nobody reads its output any more, and leaves no process and no file', async () => {
  await withDemo(DEMO, async (demo) => {
    await reach(demo, { line: '503' });
    demo.child.stdout.destroy();
    await demo.exit;
  });
});
