import { type FSWatcher, watch } from 'node:fs';
import { readlink, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { Clock } from '../clock.ts';

/** A writer that truncates and then writes should be seen once, complete. */
const SETTLE_MS = 200;
/** With notifications this only helps where they are lost (network file systems, overlay copies). */
const POLL_WITH_WATCH_MS = 10_000;
const POLL_ALONE_MS = 500;
const MAX_LINKS = 40;

/**
 * Calls `changed` when the file may have another content: written, renamed over, deleted and made again, or reached
 * through another target of a symbolic link on the way (a ConfigMap's `..data`, git-sync's link). Polls twice a second
 * where the system gives no notifications. Ends with the signal; resolves then.
 *
 * @param known the identity of what was read before: a change between that and now counts
 */
export async function watchFile(
  path: string,
  known: string,
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
  let seen = known;
  try {
    while (!signal.aborted) {
      const isWatching = watchers.update(await placesOf(path)) && seen !== '';
      wake = new AbortController();
      // A change before the watchers were set up is seen here, a later one ends the sleep.
      if ((await fileIdentity(path)) === seen && !notified) {
        await clock
          .sleep(isWatching ? POLL_WITH_WATCH_MS : POLL_ALONE_MS, wake.signal)
          .catch(() => undefined);
      }
      const found = await fileIdentity(path);
      if (!signal.aborted && (notified || found !== seen)) {
        notified = false;
        await clock.sleep(SETTLE_MS, signal).catch(() => undefined);
        seen = await fileIdentity(path);
        await changed();
      }
    }
  } finally {
    watchers.close();
  }
}

/** An entry whose change can give the path another content. */
interface Place {
  readonly directory: string;
  /** Of the directory: another one of the same name needs another watcher. */
  readonly inode: string;
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
        // What happens to the directory itself comes under its own name: another may take its place.
        const isItself = changed === basename(directory);
        if (isItself) {
          this.#places = '';
        }
        if (isItself || changed === null || changed === name) {
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

/** Every symbolic link on the way, and the file itself. */
async function placesOf(path: string): Promise<Place[]> {
  const places: Place[] = [];
  let directory: string = sep;
  let rest = path.split(sep).filter(Boolean);
  for (let links = 0; rest.length > 0; ) {
    const [name = '', ...further] = rest;
    const here = join(directory, name);
    const target = links < MAX_LINKS ? await readlink(here).catch(() => undefined) : undefined;
    if (target !== undefined || further.length === 0) {
      places.push({ directory, inode: await inodeOf(directory), name });
    }
    if (target === undefined) {
      directory = here;
      rest = further;
    } else {
      links += 1;
      rest = [...resolve(directory, target).split(sep).filter(Boolean), ...further];
      directory = sep;
    }
  }
  return [...new Map(places.map((place) => [join(place.directory, place.name), place])).values()];
}

async function inodeOf(directory: string): Promise<string> {
  const found = await stat(directory, { bigint: true }).catch(() => undefined);
  return found === undefined ? '' : `${found.dev} ${found.ino}`;
}

/** Differs when the file differs; '' when there is none. */
export async function fileIdentity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined ? '' : [found.dev, found.ino, found.size, found.mtimeNs].join(' ');
}
