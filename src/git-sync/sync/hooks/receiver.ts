/** One receiver of `--webhook`: what it has been told, and what it is to be told next. */
import type { WebhookEntry } from '../../options/webhook-json.ts';
import type { Change } from '../events.ts';
import { bothChanges, type ChangedPaths, NO_PATHS } from './delivery-body.ts';
import type { DeliveryInit } from './webhook-delivery.ts';

export interface Receiver {
  readonly hook: WebhookEntry;
  /** Adds what a publication has changed. */
  note(change: Change, changed: ChangedPaths | undefined): void;
  /** Tells it of a commit, and of all that has changed since it was told something last. */
  readonly action: (hash: string, signal: AbortSignal) => Promise<void>;
}

export function createReceiver(init: DeliveryInit): Receiver {
  /** The commit that it knows of; before the first delivery, what was published when this process began. */
  let told: string | undefined;
  let untold: ChangedPaths | undefined = NO_PATHS;
  return {
    hook: init.hook,
    note({ local }, changed) {
      told ??= local;
      untold = bothChanges(untold, changed);
    },
    async action(hash, signal) {
      const { deliverChange } = await import('./webhook-delivery.ts');
      const changed = untold;
      untold = NO_PATHS; // what is published meanwhile is the next delivery's
      const previous = told === '' ? undefined : told;
      try {
        await deliverChange(init, { hash, previous, changed }, signal);
      } catch (error) {
        untold = bothChanges(changed, untold);
        throw error;
      }
      told = hash;
    },
  };
}
