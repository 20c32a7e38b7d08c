/** How a process that syncs starts and ends, whether it has one repository or several. */
import type { ProcessOptions } from '../core/process/run-process.ts';
import type { ProcessSettings } from './settings.ts';

type Behaviour = Pick<
  ProcessOptions,
  'graceMs' | 'stopSignals' | 'ownSignals' | 'onSignal' | 'failureMessage'
>;

/** Below Kubernetes' default of 30 s, with room for the container runtime. */
const GRACE_MS = 25_000;
/** The signals that end a program without a handler, and that Kubernetes, terminals and supervisors send. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** As with git-sync: a signal that asks for a sync does nothing else, whatever it usually means. */
export function behaviourOf({ syncOnSignal }: Pick<ProcessSettings, 'syncOnSignal'>): Behaviour {
  return {
    graceMs: GRACE_MS,
    stopSignals: STOP_SIGNALS.filter((name) => name !== syncOnSignal),
    ownSignals: syncOnSignal === undefined ? [] : [syncOnSignal],
    onSignal: (signal, _count, log) => log.at(1, 'caught signal', { signal }),
    failureMessage: "can't start",
  };
}
