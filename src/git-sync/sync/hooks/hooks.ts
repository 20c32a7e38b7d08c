/** The hooks of one sync: which there are, and when each is sent. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';
import { backoff, type Delays } from '../../../core/retry.ts';
import { withSignal } from '../../../core/scoped-signal.ts';
import type { Change, HookName, SyncObserver } from '../events.ts';
import type { ExecHook, SyncSpec } from '../spec.ts';
import type { ChangedPaths, DeliveredChange } from './delivery-body.ts';
import { createExecHook, type ExecHookInit } from './exechook.ts';
import { createHookRunner, type HookRunner } from './hook-runner.ts';
import { createReceiver, type Receiver } from './receiver.ts';
import { createWebHook } from './webhook.ts';
import type { DeliveryInit } from './webhook-delivery.ts';

export type HooksSpec = Pick<SyncSpec, 'dialect' | 'exechook' | 'prePublishHook' | 'webhook' | 'oneTime'> &
  Partial<Pick<SyncSpec, 'exechookArgs' | 'exechookShell' | 'hookOutput' | 'webhooks'>>;

export interface HooksInit {
  readonly spec: HooksSpec;
  readonly clock: Clock;
  readonly log: Log;
  /** Proxies and certificate authorities for the webhook. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The whole environment of programs. */
  readonly execEnv: () => Readonly<Record<string, string>>;
  readonly treePath: (hash: string) => string;
  /** What receivers of `--webhook` are told, and with what they are told it. */
  readonly delivery: Pick<DeliveryInit, 'repository' | 'ref' | 'secrets'> & {
    /** Asked right after publication, while both commits are there. Never rejects. */
    readonly changedPaths: (
      change: DeliveredChange,
      signal: AbortSignal,
    ) => Promise<ChangedPaths | undefined>;
  };
  readonly onResult: (hook: HookName, status: 'success' | 'error') => Promise<void>;
  readonly stop: AbortSignal;
}

export interface Hooks {
  /**
   * Sends the pre-publish hook when a link is about to move (it does not hold it up, as in git-sync) and the others
   * after publication: in v3 only on change, in v4 also at the first pass of the process.
   */
  readonly observe: SyncObserver;
  /** Hashes that hooks are busy with. */
  busy(): string[];
  /** Waits for the runs that are in progress, at most so many milliseconds. */
  attempted(milliseconds: number): Promise<void>;
  /** Those of which the first run failed, among all that were sent; waits for the runs. */
  failed(): Promise<readonly HookName[]>;
  /** Resolves when no hook runs any more; `stop` must be aborted before. */
  stopped(): Promise<void>;
}

type HookAction = (hash: string, signal: AbortSignal) => Promise<void>;

interface NamedRunner {
  readonly hook: HookName;
  readonly runner: HookRunner;
}

interface Runners {
  readonly beforehand: readonly NamedRunner[];
  readonly afterwards: readonly NamedRunner[];
}

/** No wait for a receiver that is told again and again is longer. */
const LONGEST_WAIT_MS = 60_000;

function createRunners(init: HooksInit, receivers: readonly Receiver[]): Runners {
  const { spec, clock } = init;
  const named = (hook: HookName, pause: number | Delays, log: Log, action: HookAction): NamedRunner => {
    const delays = typeof pause === 'number' ? () => pause : pause;
    const onResult = (status: 'success' | 'error') => init.onResult(hook, status);
    const { oneTime: once } = spec;
    return {
      hook,
      runner: createHookRunner({ delays, action, clock, log, onResult, once, signal: init.stop }),
    };
  };
  const exec = (name: HookName, hook: ExecHook | undefined, more: Partial<ExecHookInit> = {}) => {
    const log = init.log.child(name);
    const { execEnv: env, treePath } = init;
    const { hookOutput: showsOutput = false } = spec;
    return hook === undefined
      ? []
      : [
          named(
            name,
            hook.backoffMs,
            log,
            createExecHook({ ...more, hook, log, env, treePath, showsOutput }),
          ),
        ];
  };
  const deliveries = receivers.map(({ hook: { backoffMs }, action }) => {
    const delays = backoff({ initialMs: backoffMs, maxMs: Math.max(backoffMs, LONGEST_WAIT_MS) });
    return named('webhook', delays, init.log.child('webhook'), action);
  });
  const { exechookArgs: args = [], exechookShell: isShell = false } = spec;
  const web = () => {
    const { webhook: hook } = spec;
    const log = init.log.child('webhook');
    return hook === undefined
      ? []
      : [named('webhook', hook.backoffMs, log, createWebHook({ hook, log, env: init.env }))];
  };
  return {
    beforehand: exec('pre-publish-exechook', spec.prePublishHook),
    afterwards: [...exec('exechook', spec.exechook, { args, isShell }), ...web(), ...deliveries],
  };
}

export function createHooks(init: HooksInit): Hooks {
  const { spec, clock, stop } = init;
  const receivers = (spec.webhooks ?? []).map((hook) =>
    createReceiver({ ...init.delivery, hook, log: init.log.child('webhook'), env: init.env }),
  );
  const { beforehand, afterwards } = createRunners(init, receivers);
  const all = [...beforehand, ...afterwards].map(({ runner }) => runner);
  const sent = new Set<NamedRunner>();
  const send = (runners: readonly NamedRunner[], hash: string) => {
    for (const named of runners) {
      sent.add(named);
      named.runner.send(hash);
    }
  };
  const noteChange = async (change: Change) => {
    const isWanted = receivers.some(({ hook }) => hook.body === 'json');
    const { local, remote: hash } = change;
    const asked = { hash, previous: local === '' ? undefined : local };
    const changed = isWanted ? await init.delivery.changedPaths(asked, stop) : undefined;
    receivers.forEach((receiver) => receiver.note(change, changed));
  };
  const withFiles = receivers
    .map(({ hook }) => hook)
    .filter(({ passwordFile, bearerFile, secretFile }) => passwordFile ?? bearerFile ?? secretFile);
  let hasLearned = withFiles.length === 0;
  const learn = async () => {
    hasLearned = true;
    if (withFiles.length > 0) {
      const { learnSecrets } = await import('./webhook-delivery.ts');
      await learnSecrets(withFiles, init.delivery.secrets);
    }
  };
  return {
    async observe(event) {
      // Before the first program of the user's runs, and before those that a new commit has run: files are replaced.
      if (event.kind === 'update-required' || (event.kind === 'pass-started' && !hasLearned)) {
        await learn();
      }
      if (event.kind === 'publishing') {
        send(beforehand, event.hash);
      } else if (event.kind === 'published' && (event.change.changed || spec.dialect === 'v4')) {
        await noteChange(event.change);
        send(afterwards, event.change.remote);
      }
    },
    busy: () => all.flatMap((runner) => runner.running ?? []),
    async attempted(milliseconds) {
      const attempts = Promise.all(all.map((runner) => runner.attempted()));
      await withSignal(stop, {}, (signal) =>
        Promise.race([attempts, clock.sleep(milliseconds, signal)]),
      ).catch(() => {
        // The end has come; the caller notices by itself.
      });
    },
    async failed() {
      const results = [...sent].map(async ({ hook, runner }) => ({ hook, ok: await runner.firstResult() }));
      return (await Promise.all(results)).filter(({ ok }) => !ok).map(({ hook }) => hook);
    },
    async stopped() {
      await Promise.all(all.map((runner) => runner.stopped()));
    },
  };
}
