import type { Clock } from '../../core/clock.ts';
import type { Emit, SyncObserver } from './events.ts';
import { initialStatus, nextStatus, type SyncStatus } from './status.ts';

/** Carries the events of one sync to its status and then to its observers, one after the other. */
export interface Emitter {
  readonly emit: Emit;
  status(): SyncStatus;
  add(...observers: readonly SyncObserver[]): void;
}

export function createEmitter(clock: Clock, hasEarlierData: boolean): Emitter {
  let status = initialStatus(hasEarlierData);
  const observers: SyncObserver[] = [];
  return {
    async emit(event) {
      status = nextStatus(status, event, clock.now());
      for (const observe of observers) {
        await observe(event, status);
      }
    },
    status: () => status,
    add(...more) {
      observers.push(...more);
    },
  };
}
