/**
 * What was decided of late, for /status, which anybody in the cluster can read: counts by reason, and when and where pods were
 * refused. Names and words are in the log and in the Events of the namespace.
 */
import type { Told } from './handler.ts';

const MOST = 10;

export interface Recent {
  note(told: Told, now: number): void;
  snapshot(): object;
}

export function createRecent(): Recent {
  const reasons = new Map<string, number>();
  const refusals: object[] = [];
  return {
    note({ review, result, reason }, now) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (result === 'refused') {
        refusals.push({ at: new Date(now).toISOString(), namespace: review.namespace, reason });
        refusals.splice(0, refusals.length - MOST);
      }
    },
    snapshot: () => ({ decisions: Object.fromEntries(reasons), refusals: refusals.toReversed() }),
  };
}
