import { startTimer, type Timer } from '../timer.ts';

/** Time to react to the deadline, so that work that hangs is told from work that hurries. Milliseconds. */
export const LAST_CHANCE_MS = 100;

/**
 * Runs work that must not outlast a deadline by more than a moment.
 * @param lastChanceMs how long the moment is
 * @returns whether it has ended; what abandoned work throws later is dropped
 */
export async function withinDeadline(
  work: () => Promise<unknown>,
  deadline: AbortSignal,
  lastChanceMs: number = LAST_CHANCE_MS,
): Promise<boolean> {
  let timer: Timer | undefined;
  let onDeadline: () => void = () => undefined;
  const expired = new Promise<false>((resolve) => {
    onDeadline = () => {
      timer = startTimer(lastChanceMs, () => resolve(false));
    };
  });
  if (deadline.aborted) {
    onDeadline();
  } else {
    deadline.addEventListener('abort', onDeadline, { once: true });
  }
  try {
    return await Promise.race([work().then(() => true), expired]);
  } finally {
    timer?.cancel();
    deadline.removeEventListener('abort', onDeadline);
  }
}
