/** The children that run at the moment, whoever started them: none may outlive the process. */
const running = new Set<() => void>();

/** Notes a child by the function that kills its group at once; returns what takes it off again. */
export function noteRunning(kill: () => void): () => void {
  running.add(kill);
  return () => running.delete(kill);
}

/** Kills the process group of every child that still runs; their runs settle as aborted. */
export function killRunning(): void {
  for (const kill of running) {
    kill();
  }
}
