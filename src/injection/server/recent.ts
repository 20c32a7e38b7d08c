/** What was decided of late, for /status: counts by reason, and the last refusals in words. */
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
    note({ review, result, reason, message }, now) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (result === 'refused') {
        const { namespace, name } = review;
        refusals.push({ at: new Date(now).toISOString(), namespace, name, reason, message });
        refusals.splice(0, refusals.length - MOST);
      }
    },
    snapshot: () => ({ decisions: Object.fromEntries(reasons), refusals: refusals.toReversed() }),
  };
}
