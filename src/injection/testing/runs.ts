/** How many cases a property is tried with: PILLION_FUZZ=100000 for a long run, a few for every day. */
export function runsOf(everyDay: number): { readonly numRuns: number; readonly timeoutMs: number } {
  const numRuns = Number(process.env['PILLION_FUZZ'] ?? everyDay);
  return { numRuns, timeoutMs: 60_000 + numRuns * 250 };
}
