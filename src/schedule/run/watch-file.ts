import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';

/** A writer that truncates and then writes should be seen once, complete. */
const SETTLE_MS = 200;
/** With notifications this only helps where they are lost (network file systems, overlay copies). */
const POLL_WITH_WATCH_MS = 10_000;
const POLL_ALONE_MS = 1000;

/**
 * Calls `changed` when the file may have another content: written, renamed over, deleted and made again, or reached
 * through another target of a symbolic link on the way (a ConfigMap's `..data`). Falls back to looking every second
 * where the system gives no notifications. Ends with the signal; resolves then.
 */
export async function watchFile(
  path: string,
  clock: Clock,
  signal: AbortSignal,
  changed: () => Promise<void>,
): Promise<void> {
  let wake = new AbortController();
  let notified = false;
  const notify = (): void => {
    notified = true;
    wake.abort();
  };
  signal.addEventListener('abort', notify, { once: true });
  const watchers = new DirectoryWatchers(notify);
  let seen = await identity(path);
  try {
    while (!signal.aborted) {
      const isWatching = watchers.update(await placesOf(path));
      wake = new AbortController();
      if (!notified) {
        await clock
          .sleep(isWatching ? POLL_WITH_WATCH_MS : POLL_ALONE_MS, wake.signal)
          .catch(() => undefined);
      }
      const found = await identity(path);
      if (!signal.aborted && (notified || found !== seen)) {
        notified = false;
        await clock.sleep(SETTLE_MS, signal).catch(() => undefined);
        seen = await identity(path);
        await changed();
      }
    }
  } finally {
    watchers.close();
  }
}

/** The same path, seen from one of its directories. */
interface Place {
  readonly directory: string;
  readonly name: string;
}

class DirectoryWatchers {
  readonly #notify: () => void;
  #watchers: FSWatcher[] = [];
  #places = '';

  constructor(notify: () => void) {
    this.#notify = notify;
  }

  /** True when the system notifies about every one of them. */
  update(places: readonly Place[]): boolean {
    const wanted = JSON.stringify(places);
    if (wanted !== this.#places) {
      this.close();
      this.#places = wanted;
      this.#watchers = places.flatMap((place) => this.#watch(place) ?? []);
    }
    return this.#watchers.length === places.length;
  }

  #watch({ directory, name }: Place): FSWatcher | undefined {
    try {
      const watcher = watch(directory, { persistent: false }, (_event, changed) => {
        if (changed === null || changed === name || changed.startsWith('..')) {
          this.#notify();
        }
      });
      watcher.on('error', () => {
        this.#places = '';
        watcher.close();
      });
      return watcher;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#watchers.forEach((watcher) => watcher.close());
    this.#watchers = [];
    this.#places = '';
  }
}

/** Where the path is, and where it leads to. */
async function placesOf(path: string): Promise<Place[]> {
  const target = await realpath(path).catch(() => path);
  return [...new Set([path, target])].map((one) => ({ directory: dirname(one), name: basename(one) }));
}

/** Differs when the file differs; '' when there is none. */
async function identity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? '' : [found.dev, found.ino, found.size, found.mtimeNs].join(' ');
}
