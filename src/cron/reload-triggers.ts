import type { Clock } from '../core/clock.ts';
import { watchFile } from '../core/files/watch-file.ts';
import type { Lifecycle } from '../core/process/lifecycle.ts';
import type { Reloader } from './reloader.ts';

export interface ReloadTriggers {
  /** The file; undefined where there is none to read again. */
  readonly path: string | undefined;
  /** Its identity before it was read. */
  readonly known: string;
  readonly watch: boolean;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
}

/** Reloads at signals and, where that is asked for, when the file changes. Resolves when everything ends. */
export async function reloadWhenAsked(triggers: ReloadTriggers, reloader: Reloader): Promise<void> {
  const { path, known, watch, clock, lifecycle } = triggers;
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      if (path !== undefined && !lifecycle.signal.aborted) {
        reloader.reload(signal).catch(() => undefined); // it tells by itself
      }
    });
  }
  process.on('SIGQUIT', () => void lifecycle.shutdown('received SIGQUIT'));
  if (path !== undefined && watch) {
    await watchFile(path, known, clock, lifecycle.signal, () => reloader.reload('file changed'));
  }
}
