/**
 * A forge may tell of a push before all of its servers have it. When a pass finds the ref where it was before the push, it is
 * asked again, a few times: without polls nobody else would.
 */
import { startTimer, type Timer } from '../../../core/timer.ts';

const DELAYS_MS = [1000, 5000, 20_000] as const;

export interface Unseen {
  /** A push was accepted. */
  expect(before: string | undefined, after: string | undefined): void;
  /** A pass has found this commit. */
  found(hash: string): void;
  close(): void;
}

export function watchForUnseen(ask: (why: string) => void): Unseen {
  let before: string | undefined;
  let tries = 0;
  let timer: Timer | undefined;
  const forget = () => {
    timer?.cancel();
    timer = undefined;
    before = undefined;
  };
  return {
    expect(from, to) {
      forget();
      before = from === to ? undefined : from;
      tries = 0;
    },
    found(hash) {
      const delay = DELAYS_MS[tries];
      if (hash !== before || delay === undefined) {
        forget();
        return;
      }
      tries += 1;
      timer?.cancel();
      timer = startTimer(delay, () => ask('the pushed commit was not visible yet'));
    },
    close: forget,
  };
}
