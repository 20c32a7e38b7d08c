/**
 * Settles as a promise does, or rejects with the signal's reason as soon as it is aborted. For work that cannot be
 * stopped itself, such as a system call on a file system that hangs: it goes on, and nobody waits for it.
 * @param late gets a result that comes after that, to give back what it holds; a late failure is dropped
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  late: (result: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      work.then(late, () => {});
      reject(signal.reason);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (end: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      end();
    };
    work.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
