/** How many syncs run at the same time in a process with several repositories. */

export interface SlotRequest {
  /** Syncs of one root wait for each other: the root has one writer. */
  readonly root: string;
  /** The last one of this repository has failed. */
  readonly isTroubled: boolean;
}

export interface Slots {
  /**
   * Runs work as soon as there is room. First come, first served, those in good order before those that failed: they have
   * half of the room, so that a server that hangs does not keep the repositories of others from being synced.
   * @throws the signal's reason when it is aborted while this waits
   */
  run<T>(request: SlotRequest, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** At least 1. Work that runs goes on. */
  resize(limit: number): void;
  running(): number;
  waiting(): number;
}

interface Waiting {
  readonly request: SlotRequest;
  readonly start: () => void;
}

export function createSlots(size: number): Slots {
  let limit = size;
  let running = 0;
  let troubled = 0;
  const busyRoots = new Set<string>();
  const queue: Waiting[] = [];

  const mayStart = ({ request: { root, isTroubled } }: Waiting) =>
    running < limit && !busyRoots.has(root) && (!isTroubled || troubled < Math.max(1, Math.floor(limit / 2)));

  const occupy = ({ root, isTroubled }: SlotRequest) => {
    running += 1;
    troubled += isTroubled ? 1 : 0;
    busyRoots.add(root);
  };

  const startAll = () => {
    for (;;) {
      const next =
        queue.find((each) => !each.request.isTroubled && mayStart(each)) ??
        queue.find((each) => each.request.isTroubled && mayStart(each));
      if (next === undefined) {
        return;
      }
      queue.splice(queue.indexOf(next), 1);
      occupy(next.request);
      next.start();
    }
  };

  const release = ({ root, isTroubled }: SlotRequest) => {
    running -= 1;
    troubled -= isTroubled ? 1 : 0;
    busyRoots.delete(root);
    startAll();
  };

  function enter(request: SlotRequest, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        request,
        start() {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(waiting);
      startAll();
    });
  }

  return {
    async run(request, signal, work) {
      signal.throwIfAborted();
      await enter(request, signal);
      try {
        return await work();
      } finally {
        release(request);
      }
    },
    resize(to) {
      limit = to;
      startAll();
    },
    running: () => running,
    waiting: () => queue.length,
  };
}
