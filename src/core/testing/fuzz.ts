export interface FuzzParameters {
  readonly numRuns: number;
  /** The same cases at every run, so that a failure can be repeated. */
  readonly seed: number;
}

/**
 * How often a test that feeds hostile input is run: `runs` in the unit tests, `PILLION_FUZZ_RUNS` for a longer search
 * (100,000 is usual), from the seed `PILLION_FUZZ_SEED`.
 */
export function fuzz(runs: number): FuzzParameters {
  const { PILLION_FUZZ_RUNS: wanted, PILLION_FUZZ_SEED: seed } = process.env;
  return { numRuns: wanted === undefined ? runs : Number(wanted), seed: Number(seed ?? 1) };
}

/** The time limit for a test with so many runs: the usual one for the usual number. */
export function fuzzTimeout(runs: number, usualMs = 20_000): number {
  return Math.max(usualMs, (usualMs * fuzz(runs).numRuns) / runs);
}
