/** Plain progress lines with the seconds since the start: they read the same on a terminal and in a log. */
export interface Report {
  say(text: string): void;
  /** A check that held. */
  ok(text: string): void;
  fail(text: string): void;
  readonly checks: { passed: number; failed: number };
}

export function createReport(write: (line: string) => void): Report {
  const start = performance.now();
  const checks = { passed: 0, failed: 0 };
  const line = (mark: string, text: string) => {
    const time = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
    write(`${time} s  ${mark.padEnd(4)}  ${text}`);
  };
  return {
    say: (text) => line('', text),
    ok(text) {
      checks.passed += 1;
      line('ok', text);
    },
    fail(text) {
      checks.failed += 1;
      line('FAIL', text);
    },
    checks,
  };
}

/** A duration for people: "0.62 s". */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
