/** What the readers of a published tree share: they look without a pause until their stdin ends, and then report. */
import os from 'node:os';
import process from 'node:process';

const MOST_VIOLATIONS = 5;

/** Looks again and again, in all the time that nobody else needs; prints the report as JSON at the end. */
export function lookUntilStdinEnds(
  look: () => void,
  report: { readonly violations: readonly string[] },
): void {
  os.setPriority(10);
  let ended = false;
  process.stdin.on('end', () => {
    ended = true;
  });
  process.stdin.resume();
  function loop(): void {
    for (let index = 0; index < 10 && report.violations.length < MOST_VIOLATIONS; index += 1) {
      look();
    }
    if (ended) {
      process.stdout.write(JSON.stringify(report));
    } else {
      setImmediate(loop);
    }
  }
  process.stdout.write('\n');
  loop();
}
