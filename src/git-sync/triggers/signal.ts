import { constants } from 'node:os';
import type { Log } from '../../core/log/log.ts';
import type { Trigger } from './trigger.ts';

/** Asks for a pass whenever this process receives the signal. */
export function requestOnSignal(trigger: Pick<Trigger, 'request'>, name: NodeJS.Signals, log: Log): void {
  process.on(name, () => {
    log.at(1, 'caught signal', { signal: name, number: constants.signals[name] });
    trigger.request(name);
  });
}
