/** How far something is, for log, metrics and /status. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log/log.ts';
import type { OnProgress, Progress } from './model.ts';

export interface ProgressReport extends Progress {
  /** 0 to 100; absent while the total is not known. */
  readonly percent?: number | undefined;
  /** Since the phase began. */
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number | undefined;
}

export interface ProgressKeeper {
  readonly on: OnProgress;
  current(): ProgressReport | undefined;
  /** The work has ended. */
  clear(): void;
}

const LOG_EVERY_MS = 10_000;

/** Pure. */
export function reportOf(progress: Progress, elapsedMs: number): ProgressReport {
  const { bytesDone, bytesTotal, filesDone, filesTotal } = progress;
  const hasBytes = bytesTotal !== undefined && bytesTotal > 0;
  const [done, total] = hasBytes ? [bytesDone, bytesTotal] : [filesDone, filesTotal ?? 0];
  const share = total > 0 ? Math.min(1, done / total) : undefined;
  const isTelling = share !== undefined && share > 0 && elapsedMs > 0;
  return {
    ...progress,
    percent: share === undefined ? undefined : Math.floor(share * 1000) / 10,
    bytesPerSecond: elapsedMs > 0 ? Math.round((bytesDone / elapsedMs) * 1000) : 0,
    secondsLeft: isTelling ? Math.round((elapsedMs / 1000) * (1 / share - 1)) : undefined,
  };
}

/** Logs the first word of each phase, then one line in ten seconds. */
export function createProgress(log: Log, clock: Clock): ProgressKeeper {
  let report: ProgressReport | undefined;
  let phase: string | undefined;
  let phaseBegan = 0;
  let logged = 0;
  return {
    on(progress) {
      const now = clock.monotonic();
      const isNew = progress.phase !== phase;
      if (isNew) {
        phase = progress.phase;
        phaseBegan = now;
      }
      report = reportOf(progress, now - phaseBegan);
      if (isNew || now - logged >= LOG_EVERY_MS) {
        logged = now;
        log.info(`in progress: ${progress.phase}`, { ...report });
      }
    },
    current: () => report,
    clear() {
      report = undefined;
      phase = undefined;
    },
  };
}
