/** restic goes on trying for 15 minutes, whatever it is told: this ends it when nothing has come of it for long enough. */
export interface Patience {
  /** A line of its error stream. */
  heard(line: string): void;
  /** Something came of it: what it has done so far, in a number that grows. */
  done(amount: number): void;
  /** Aborted when patience is over. */
  readonly signal: AbortSignal;
}

const RETRY = /returned error, retrying after /;

/** @param ms from the first failure of a request on, while nothing is done */
export function createPatience(ms: number, now: () => number = () => performance.now()): Patience {
  const over = new AbortController();
  let failingSince: number | undefined;
  let most = -1;
  return {
    heard(line) {
      if (!RETRY.test(line)) {
        return;
      }
      failingSince ??= now();
      if (now() - failingSince >= ms) {
        over.abort();
      }
    },
    done(amount) {
      if (amount > most) {
        most = amount;
        failingSince = undefined;
      }
    },
    signal: over.signal,
  };
}
