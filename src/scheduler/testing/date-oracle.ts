import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Whether the system's own `date` can be asked, and has zone files. */
export const hasDateOracle =
  spawnSync('date', ['--version']).status === 0 && existsSync('/usr/share/zoneinfo');

/**
 * The offsets from UTC that the C library computes for these instants (whole seconds), all milliseconds.
 * @param database another directory of zone files than the system's
 */
export function dateOffsets(tz: string, instants: readonly number[], database?: string): number[] {
  const input = instants.map((instant) => `@${Math.floor(instant / 1000)}`).join('\n');
  const { stdout, status } = spawnSync('date', ['-f', '-', '+%::z'], {
    env: { ...process.env, TZ: tz, ...(database === undefined ? {} : { TZDIR: database }) },
    input,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  if (status !== 0) {
    throw new Error(`date does not take TZ=${tz}`);
  }
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [hours = 0, minutes = 0, seconds = 0] = line.slice(1).split(':').map(Number);
      return (line.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds) * 1000 + 0;
    });
}
