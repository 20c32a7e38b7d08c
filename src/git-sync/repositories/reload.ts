/** Reads the file of --config again: what cannot be used changes nothing. */
import type { Clock } from '../../core/clock.ts';
import { errorMessage } from '../../core/errors.ts';
import { readText } from '../../core/files/read.ts';
import type { Log } from '../../core/log/log.ts';
import type { ProcessConfig } from './config/model.ts';
import type { Changes } from './repositories.ts';

/** Deeply nested text of this length is refused within seconds; a thousand repositories are shorter. */
const MAX_BYTES = 256 * 1024;

/** @throws PillionError `read_failed`, `file_too_large` */
export const readConfigFile = (path: string) => readText(path, MAX_BYTES);

/** What came of the last time the file was read again. */
export type ReloadStatus =
  | { readonly at: string; readonly ok: true; readonly needsRestart: readonly string[] }
  | { readonly at: string; readonly ok: false; readonly error: string };

export interface ReloadInit {
  readonly path: string;
  /** What was read at the start. */
  readonly text: string;
  readonly parse: (text: string) => Promise<ProcessConfig>;
  /** Takes over what can be; also tells what would need a restart, as flags. */
  readonly apply: (config: ProcessConfig) => Changes & { readonly needsRestart: readonly string[] };
  readonly count: (result: 'success' | 'unchanged' | 'failure') => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Reloader {
  /** One reload at a time. Never rejects. */
  reload(): Promise<void>;
  last(): ReloadStatus | undefined;
}

export function createReloader(init: ReloadInit): Reloader {
  const { path, log, clock, count } = init;
  let used = init.text;
  let last: ReloadStatus | undefined;
  let running: Promise<void> = Promise.resolve();

  async function attempt(): Promise<void> {
    const at = new Date(clock.now()).toISOString();
    try {
      const text = await readConfigFile(path);
      if (text === used) {
        count('unchanged');
        last = { at, ok: true, needsRestart: last?.ok ? last.needsRestart : [] };
        return;
      }
      const { needsRestart, ...changes } = init.apply(await init.parse(text));
      used = text;
      last = { at, ok: true, needsRestart };
      count('success');
      log.info('the configuration was read again', { file: path, ...changes });
      if (needsRestart.length > 0) {
        log.warn('some of the new configuration needs a restart of the process', { options: needsRestart });
      }
    } catch (error) {
      count('failure');
      last = { at, ok: false, error: errorMessage(error) };
      log.error('cannot use the new configuration: the one before stays in use', error, { file: path });
    }
  }

  return {
    reload() {
      running = running.then(attempt);
      return running;
    },
    last: () => last,
  };
}
