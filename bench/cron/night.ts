import { createLog } from '../../src/core/log/log.ts';
import { createSecrets } from '../../src/core/log/secrets.ts';
import { createScheduler } from '../../src/schedule/run/scheduler.ts';
import { createWarnLimit } from '../../src/schedule/run/warn-limit.ts';
import { specsOf } from '../../src/schedule/testing/fakes.ts';
import { createVirtualClock } from '../../src/schedule/testing/virtual-clock.ts';
import { findZone } from '../../src/schedule/time/zone.ts';

const HOURS = 24;

/** The day on which New York skips an hour, on a virtual clock: supercronic loops there until its disk is full. */
export async function replayNight(): Promise<string> {
  const zone = findZone('America/New_York');
  if (zone === undefined) {
    throw new Error('no zone data');
  }
  const clock = createVirtualClock('2025-03-09T00:00:00-05:00', HOURS * 3_600_000);
  let bytes = 0;
  let starts = 0;
  const write = (line: string) => (bytes += line.length + 1);
  const log = createLog({ format: 'json', verbosity: 0, secrets: createSecrets(), write });
  const scheduler = createScheduler({
    clock,
    log,
    warnings: createWarnLimit(log, clock),
    signal: clock.signal,
    defaultZone: zone,
    podName: '',
    runner: {
      request: () => (starts += 1),
      skip: () => undefined,
      idle: () => Promise.resolve(),
      stopAll: () => undefined,
      killAll: () => undefined,
      active: () => [],
    },
  });
  scheduler.load(specsOf('30 2 * * * a\n0 * * * * b\n*/5 * * * * c\n'));
  const before = process.cpuUsage();
  scheduler.start([]);
  while (!clock.signal.aborted) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  const share = (cpuMs / (HOURS * 3_600_000)) * 100;
  return `night  pillion            ${starts} starts in ${HOURS} virtual hours, ${cpuMs.toFixed(0)} ms CPU (${share.toFixed(5)} %), ${bytes} bytes of log`;
}
