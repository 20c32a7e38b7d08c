/** The listener of `--trigger-bind`. A bundle of its own: a sidecar that only polls does not load it. */
import { openSecretFile } from '../../../core/http/secret-file.ts';
import { startHttpServer } from '../../../core/http/server.ts';
import type { Scope } from '../../../core/process/run-process.ts';
import { withoutPassword } from '../../../git/public-url.ts';
import type { SyncObserver } from '../../sync/events.ts';
import type { SyncSpec } from '../../sync/spec.ts';
import type { Trigger } from '../trigger.ts';
import type { Outcome } from './answers.ts';
import { createHandler } from './handler.ts';
import { createPace } from './pace.ts';
import { watchPasses } from './passes.ts';
import { watchForUnseen } from './unseen.ts';

/** GitHub sends up to 25 MB. No more than a part of a body is held, so its length costs no memory. */
const MAX_BODY_BYTES = 26 * 1024 * 1024;
/** GitHub gives up after 10 s. */
const BODY_TIMEOUT_MS = 10_000;
/** The longest that `?wait=1` waits. */
const LONGEST_WAIT_MS = 60_000;

export interface ReceiverInit {
  readonly bind: string;
  readonly secretFile: string;
  readonly spec: Pick<SyncSpec, 'repo' | 'follow' | 'syncTimeoutMs'>;
  readonly scope: Scope;
  readonly trigger: Trigger;
  readonly count: (source: string, outcome: Outcome) => void;
}

export interface Receiver {
  /** To be told what the sync does. */
  readonly observe: SyncObserver;
  /** Begins to listen, until the process ends. */
  listen(): Promise<void>;
}

/** @throws PillionError `secret_file_unusable`; `listen` throws what `startHttpServer` does */
export async function createReceiver(init: ReceiverInit): Promise<Receiver> {
  const { bind, spec, scope, trigger, count } = init;
  const { log, clock, lifecycle } = scope;
  const secrets = await openSecretFile({ path: init.secretFile, log, secrets: scope.secrets });
  const pace = createPace(trigger, clock);
  const passes = watchPasses();
  const unseen = watchForUnseen((why) => void pace.request(why));
  passes.onSuccess((hash) => unseen.found(hash));
  const handle = createHandler({
    followed: { repo: withoutPassword(spec.repo), follow: spec.follow },
    secrets,
    pace,
    passes,
    unseen,
    clock,
    log,
    redact: (text) => scope.secrets.redact(text),
    count,
    stop: lifecycle.signal,
    waitMs: Math.min(spec.syncTimeoutMs, LONGEST_WAIT_MS),
  });
  return {
    observe: passes.observe,
    async listen() {
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
        pace.close();
        unseen.close();
        return server.close(deadline);
      });
    },
  };
}
