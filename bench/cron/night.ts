import { createLog } from '../../src/core/log/log.ts';
import { createSecrets } from '../../src/core/log/secrets.ts';
import { commandBody } from '../../src/scheduler/runs/command-body.ts';
import { createDispatcher } from '../../src/scheduler/runs/dispatcher.ts';
import { createWarnLimit } from '../../src/scheduler/runs/warn-limit.ts';
import { createScheduler } from '../../src/scheduler/scheduler.ts';
import { jobsFrom } from '../../src/scheduler/testing/jobs.ts';
import { createVirtualClock } from '../../src/scheduler/testing/virtual-clock.ts';
import { findZone } from '../../src/scheduler/time/find-zone.ts';

const HOURS = 24;
const JOBS = '30 2 * * * fixed\n0 * * * * hourly\n*/5 * * * * often\n';

export interface Night {
  readonly starts: number;
  readonly cpuMs: number;
  /** Percent of the virtual day. */
  readonly share: number;
  /** Of log. */
  readonly bytes: number;
}

/**
 * The day on which New York skips an hour, with real jobs, on a virtual clock that waits for them: supercronic loops
 * there until its disk is full.
 */
export async function replayNight(): Promise<Night> {
  const zone = findZone('America/New_York');
  if (zone === undefined) {
    throw new Error('no zone data');
  }
  const virtual = createVirtualClock('2025-03-09T00:00:00-05:00', HOURS * 3_600_000);
  let bytes = 0;
  const log = createLog({
    verbosity: 0,
    secrets: createSecrets(),
    write: (line) => (bytes += line.length + 1),
  });
  const warnings = createWarnLimit(log, virtual);
  let starts = 0;
  const dispatcher = createDispatcher({
    clock: virtual,
    log,
    warnings,
    failureMessage: 'error running command',
    stopping: virtual.signal,
    observers: [{ ended: () => (starts += 1) }],
  });
  const body = commandBody({
    command: { kind: 'shell', shell: '/bin/sh', line: 'exec true' },
    cwd: undefined,
    readEnv: () => ({ PATH: process.env['PATH'] ?? '' }),
    exitRules: [],
    maxOutputBytes: undefined,
    leftovers: 'kill',
    output: {
      line: () => undefined,
      capped: () => undefined,
      leftoversEnded: () => undefined,
      drained: () => Promise.resolve(),
    },
  });
  const clock = {
    ...virtual,
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await dispatcher.idle();
      await virtual.sleep(ms, signal);
    },
  };
  const { signal } = virtual;
  const scheduler = createScheduler({
    clock,
    log,
    warnings,
    dispatcher,
    signal,
    defaultZone: zone,
    podName: '',
  });
  scheduler.load(jobsFrom(JOBS, {}, body));
  const before = process.cpuUsage();
  await scheduler.start([]);
  await dispatcher.idle();
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  const share = (cpuMs / (HOURS * 3_600_000)) * 100;
  return { starts, cpuMs, share, bytes };
}
