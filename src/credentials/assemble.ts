/** Makes the parts of a running `pillion credentials` and connects them. */
import type { Clock } from '../core/clock.ts';
import type { CommandContext } from '../core/command.ts';
import type { Log } from '../core/log/log.ts';
import type { Secrets } from '../core/log/secrets.ts';
import type { CredentialSpec } from './config/spec.ts';
import { helperRunner } from './helper/run-helper.ts';
import { createDelivery } from './keeper/delivery.ts';
import { createKeeper, type Keeper } from './keeper/keeper.ts';
import { type CredentialsMetrics, observe } from './keeper/observe.ts';
import type { Source } from './model.ts';
import { createSource } from './providers/create.ts';
import type { ReloadContext } from './reload/reload.ts';

export interface PartsInit {
  readonly context: Pick<CommandContext, 'env'>;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly metrics?: CredentialsMetrics | undefined;
}

/** What sources and reloads of one credential get from the program around them. */
export function createContext(name: string, init: PartsInit): ReloadContext {
  const { context, log, secrets, clock } = init;
  return {
    env: context.env,
    now: () => clock.now(),
    secret: (slot, value) => secrets.addRotating(`${name} ${slot}`, value),
    warn: (message, fields = {}) => log.warn(message, { credential: name, ...fields }),
    runHelper: helperRunner(context.env),
  };
}

/** The source of a credential; whatever it gives is redacted from then on. */
export function createGuardedSource(spec: CredentialSpec, context: ReloadContext, clock: Clock): Source {
  const source = createSource(spec.source, { ...context, clock });
  return {
    ...source,
    async ask(signal) {
      const answer = await source.ask(signal);
      context.secret('credential', answer.credential.password);
      return answer;
    },
  };
}

export interface Parts {
  readonly keeper: Keeper;
  readonly source: Source;
}

export function createParts(spec: CredentialSpec, init: PartsInit): Parts {
  const { log, clock, metrics } = init;
  const context = createContext(spec.name, init);
  const source = createGuardedSource(spec, context, clock);
  const events = observe(spec.name, log, metrics);
  const delivery = createDelivery(spec, context, events);
  return { keeper: createKeeper({ spec, source, delivery, clock, random: Math.random, events }), source };
}
