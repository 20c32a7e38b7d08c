/**
 * Milliseconds by a clock that nobody sets, since an arbitrary start. `performance.now()` tells the same, and loads all of
 * node:perf_hooks with it.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
