import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** What is waited for, for the message of the failure: "the link to appear". Default: the condition's source. */
  readonly what?: string;
  /** Milliseconds; generous, because it only bounds a failing test. Default 45,000. */
  readonly timeoutMs?: number;
  /** Milliseconds between two checks. Default 20. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Waits until `condition` gives something truthy and returns that. A condition that throws counts as "not yet"; its
 * last error is the cause of the failure when time runs out.
 */
export async function waitFor<T>(
  condition: () => T | Falsy | Promise<T | Falsy>,
  options: WaitOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 45_000;
  const end = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) {
        return value;
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    options.signal?.throwIfAborted();
    if (performance.now() >= end) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${options.what ?? condition.toString()}`, {
        cause: lastError,
      });
    }
    await delay(options.intervalMs ?? 20, undefined, options.signal ? { signal: options.signal } : {});
  }
}
