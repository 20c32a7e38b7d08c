/** The listener of `--trigger-bind`. A bundle of its own: a sidecar that only polls does not load it. */
import { openSecretFile } from '../../../core/http/secret-file.ts';
import { startHttpServer } from '../../../core/http/server.ts';
import type { Scope } from '../../../core/process/run-process.ts';
import type { SyncObserver } from '../../sync/events.ts';
import type { Trigger } from '../trigger.ts';
import type { Outcome } from './answers.ts';
import { createHandler } from './handler.ts';
import { createTarget, type OpenTarget, type TargetInit } from './target.ts';

/** GitHub sends up to 25 MB. No more than a part of a body is held, so its length costs no memory. */
const MAX_BODY_BYTES = 26 * 1024 * 1024;
/** GitHub gives up after 10 s. */
const BODY_TIMEOUT_MS = 10_000;

export { createTarget };

type Count = (source: string, outcome: Outcome) => void;

export interface ReceiverInit {
  readonly bind: string;
  readonly secretFile: string;
  readonly spec: TargetInit['spec'];
  readonly scope: Scope;
  readonly trigger: Trigger;
  readonly count: Count;
}

export interface Receiver {
  /** To be told what the sync does. */
  readonly observe: SyncObserver;
  /** Begins to listen, until the process ends. */
  listen(): Promise<void>;
}

/** @throws PillionError `secret_file_unusable`; `listen` throws what `startHttpServer` does */
export async function createReceiver(init: ReceiverInit): Promise<Receiver> {
  const { spec, scope, trigger } = init;
  const target = createTarget({ spec, trigger, clock: scope.clock });
  const listen = await openReceiver({ ...init, targets: () => [target] });
  return { observe: target.observe, listen };
}

export interface ListenerInit extends Pick<ReceiverInit, 'bind' | 'secretFile' | 'scope' | 'count'> {
  /** Those of this moment. */
  readonly targets: () => readonly OpenTarget[];
}

/**
 * The same for any number of syncs.
 * @throws PillionError `secret_file_unusable`; what it resolves to throws what `startHttpServer` does
 */
export async function openReceiver(init: ListenerInit): Promise<() => Promise<void>> {
  const { bind, scope, targets, count } = init;
  const { log, clock, lifecycle } = scope;
  const secrets = await openSecretFile({ path: init.secretFile, log, secrets: scope.secrets });
  const handle = createHandler({
    targets,
    secrets,
    clock,
    log,
    redact: (text) => scope.secrets.redact(text),
    count,
    stop: lifecycle.signal,
  });
  return async () => {
    const route = {
      method: 'POST',
      path: '/*',
      handle,
      maxBodyBytes: MAX_BODY_BYTES,
      bodyTimeoutMs: BODY_TIMEOUT_MS,
    };
    const server = await startHttpServer({ bind, routes: [route], log });
    log.info('waiting for requests to sync', { endpoint: `${server.host}:${server.port}` });
    lifecycle.onShutdown('receiver of triggers', (deadline) => {
      targets().forEach((target) => target.close());
      return server.close(deadline);
    });
  };
}
