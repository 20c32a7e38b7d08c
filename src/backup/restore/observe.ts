/** What a restore does, for log, metrics and /status. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import type { Metrics } from '../../core/metrics/metrics.ts';
import type { Decision } from '../decision.ts';
import type { RESTORE_METRICS } from '../metrics.ts';
import type { RepositoryState, UnknownReason, VolumeState } from '../model.ts';
import { createProgress, type ProgressReport } from '../progress.ts';
import type { RestoreEvents } from './restore.ts';

export interface RestoreView {
  readonly events: RestoreEvents;
  readonly isWaiting: () => boolean;
  readonly progress: () => ProgressReport | undefined;
  readonly status: () => object;
}

export function observeRestore(
  log: Log,
  clock: Clock,
  metrics: Metrics<typeof RESTORE_METRICS> | undefined,
): RestoreView {
  const progress = createProgress(log, clock);
  let volume: VolumeState | undefined;
  let repository: RepositoryState | undefined;
  let decision: Decision | undefined;
  let waiting: UnknownReason | undefined;
  const fallbacks: { readonly snapshot: string; readonly why: string }[] = [];
  return {
    isWaiting: () => waiting !== undefined,
    progress: () => progress.current(),
    events: {
      found(state) {
        volume = state;
        log.info(`the volume is ${state.kind}`, { ...describeVolume(state) });
      },
      unknown(reason, retryInMs) {
        waiting = retryInMs === undefined ? undefined : reason;
        metrics?.unknown.inc({ reason: reason.kind });
        log.warn(`the repository cannot be asked (${reason.kind})`, {
          reason: reason.message,
          hint: reason.hint,
          ...(retryInMs === undefined ? {} : { retryInSeconds: Math.round(retryInMs / 100) / 10 }),
        });
      },
      decided(made, known) {
        decision = made;
        repository = known;
        waiting = undefined;
        metrics?.decision.set({ action: made.action }, 1);
        log.info(`decision: ${made.action}`, { why: made.why });
      },
      fallback(snapshot, why, next) {
        fallbacks.push({ snapshot, why });
        metrics?.fallbacks.inc();
        const what =
          next === undefined ? 'a snapshot is given up' : 'a snapshot is given up, and an older one is used';
        log.error(what, undefined, { snapshot, why, ...(next === undefined ? {} : { next }) });
      },
      progress(step) {
        waiting = undefined;
        progress.on(step);
      },
    },
    status: () => ({
      volume: volume === undefined ? null : describeVolume(volume),
      repository: repository === undefined ? null : describeRepository(repository),
      decision: decision === undefined ? null : { action: decision.action, why: decision.why },
      waitingFor: waiting === undefined ? null : waiting.message,
      progress: progress.current() ?? null,
      fallbacks,
    }),
  };
}

export function describeVolume(volume: VolumeState): Readonly<Record<string, unknown>> {
  switch (volume.kind) {
    case 'HEALTHY':
      return { state: volume.kind, origin: volume.marker.origin, since: isoOf(volume.marker.since) };
    case 'CORRUPT':
      return { state: volume.kind, problems: volume.problems };
    case 'PARTIAL':
      return { state: volume.kind, snapshot: volume.snapshot.id };
    case 'UNREADABLE':
      return { state: volume.kind, reason: volume.reason };
    default:
      return { state: volume.kind };
  }
}

export function describeRepository(repository: RepositoryState): Readonly<Record<string, unknown>> {
  switch (repository.kind) {
    case 'HAS': {
      const [newest] = repository.snapshots;
      return {
        state: repository.kind,
        snapshots: repository.snapshots.length,
        damaged: repository.damaged.length,
        newest: newest === undefined ? null : { id: newest.id, time: isoOf(newest.time) },
      };
    }
    case 'UNKNOWN':
      return { state: repository.kind, reason: repository.reason.kind, message: repository.reason.message };
    default:
      return { state: repository.kind };
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
