/** `make demo`: a git repository kept checked out next to a web application, and what happens when things go wrong. */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { pageUrl } from './demo/page.ts';
import { createReport, type Report } from './demo/report.ts';
import { clearStage, leavingNothingBehind, type Stage, setStage } from './demo/stage.ts';
import { endOfSidecar, STEPS, type Step } from './demo/steps.ts';
import { ensurePackages } from './packages.ts';

const LOG_TAIL = 30;
const LONGEST_LINE = 400;
const POLL_MS = 1000;
/** As shells count it: 128 + SIGINT. */
const INTERRUPTED = 130;

/** What nobody foresaw, as reason of the abort. */
class Fault extends Error {}

/** Whether somebody watches who can press Ctrl-C. PILLION_DEMO_INTERACTIVE=no|yes decides where a terminal misleads. */
function isWatched(): boolean {
  const wish = process.env['PILLION_DEMO_INTERACTIVE'];
  return wish === undefined ? process.stdin.isTTY && process.stdout.isTTY : wish === 'yes';
}

/** Aborted by Ctrl-C, by `kill`, when the terminal goes away, and when nobody reads what is said (`make demo | head`). */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    // Without a listener a failed write would end the process, and leave the others running.
    stream.on('error', (error) => controller.abort(error));
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Stays installed: a second Ctrl-C must not end the clean-up half-way.
    process.on(name, () => controller.abort(new Error(name)));
  }
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    // A fault of the demo itself: it ends like an interrupted one, and leaves as little.
    process.on(name, (error: unknown) => {
      console.error(error);
      controller.abort(new Fault(String(error), { cause: error }));
    });
  }
  return controller.signal;
}

function statusOfAbort(signal: AbortSignal): number {
  return signal.aborted && !(signal.reason instanceof Fault) ? INTERRUPTED : 1;
}

/** Runs one step; false when it did not hold, with what helps to see why. */
async function holds(step: Step, stage: Stage, report: Report): Promise<boolean> {
  try {
    await step.run(stage, report);
    return true;
  } catch (error) {
    if (stage.crash.signal.aborted || !stage.signal.aborted) {
      const reason: unknown = stage.crash.signal.aborted ? stage.crash.signal.reason : error;
      report.fail(`${step.title}: ${reason instanceof Error ? reason.message : String(reason)}`);
      const lines = stage.sidecar?.lines().slice(-LOG_TAIL) ?? [];
      const log = lines.map((line) => line.slice(0, LONGEST_LINE));
      report.say(`the last lines of the sidecar:\n${log.join('\n')}`);
    }
    return false;
  }
}

const visit: Step = {
  title: 'the visit',
  async run(stage, report) {
    report.say(`open ${pageUrl(stage)}`);
    report.say(`change it: git clone ${stage.repositoryUrl}, edit folder1/foo.md, commit, push`);
    report.say('Ctrl-C ends the demo');
    // A terminal that goes away tells only its session's leader, which need not pass it on: make does not.
    const onTerminal = isatty(0);
    while (!stage.signal.aborted && isatty(0) === onTerminal) {
      await delay(POLL_MS, undefined, { signal: stage.signal }).catch(() => undefined);
    }
    stage.crash.signal.throwIfAborted();
  },
};

/** The steps in order, up to the first that does not hold: the next ones stand on it. True when all were shown. */
async function show(stage: Stage, report: Report): Promise<boolean> {
  for (const step of STEPS) {
    if (!(await holds(step, stage, report))) {
      return false;
    }
  }
  if (isWatched() && !(await holds(visit, stage, report))) {
    return false;
  }
  return holds(endOfSidecar, { ...stage, signal: AbortSignal.timeout(30_000) }, report);
}

async function main(signal: AbortSignal): Promise<number> {
  if (!ensurePackages(['git']).ok) {
    return 1;
  }
  const report = createReport((line) => console.log(line));
  let complete = false;
  const left = await leavingNothingBehind(async (dir) => {
    const stage = await setStage(dir, signal);
    try {
      complete = await show(stage, report);
    } finally {
      await clearStage(stage);
    }
  });
  if (left.length === 0) {
    report.ok('nothing is left behind: no process, no file');
  } else {
    report.fail(`processes were left behind: ${left.join('; ')}`);
  }
  const { passed, failed } = report.checks;
  report.say(`${passed} checks held, ${failed} failed`);
  if (signal.aborted && !complete && failed === 0) {
    return statusOfAbort(signal);
  }
  return complete && failed === 0 && !(signal.reason instanceof Fault) ? 0 : 1;
}

const signal = stopSignal();
try {
  process.exitCode = await main(signal);
} catch (error) {
  process.exitCode = statusOfAbort(signal);
  if (!signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
  }
}
// Sockets of visitors must not keep the process: whatever is worth waiting for has ended.
await delay(0);
process.exit();
