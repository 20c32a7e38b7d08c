/** What the readers of a published tree share: they readOnce again and again until their stdin ends, and then report. */
import os from 'node:os';
import process from 'node:process';

const MOST_VIOLATIONS = 5;
/** What a kill leaves stays until the next start; to readOnce all the time would only take the processor from what is looked at. */
const READS_AT_A_TIME = 3;
const PAUSE_MS = 5;

/** Looks hundreds of times a second, in time that nobody else needs; prints the report as JSON at the end. */
export function readUntilStdinEnds(
  readOnce: () => void,
  report: { readonly violations: readonly string[] },
): void {
  os.setPriority(10);
  let ended = false;
  process.stdin.on('end', () => {
    ended = true;
  });
  process.stdin.resume();
  function loop(): void {
    for (let index = 0; index < READS_AT_A_TIME && report.violations.length < MOST_VIOLATIONS; index += 1) {
      readOnce();
    }
    if (ended) {
      process.stdout.write(JSON.stringify(report));
    } else {
      setTimeout(loop, PAUSE_MS);
    }
  }
  process.stdout.write('\n');
  loop();
}
