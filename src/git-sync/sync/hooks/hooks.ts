/** The hooks of one git-sync: which there are, and when each is sent. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';
import { withSignal } from '../../../core/scoped-signal.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { createExecHook } from './exechook.ts';
import { createHookRunner, type HookRunner } from './hook-runner.ts';
import { createWebHook } from './webhook.ts';

export type HookName = 'exechook' | 'webhook' | 'pre-publish-exechook';

export interface HooksInit {
  readonly settings: GitSyncSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execEnv: () => Readonly<Record<string, string>>;
  readonly treePath: (hash: string) => string;
  readonly onResult: (name: HookName, status: 'success' | 'error') => void;
  readonly stop: AbortSignal;
}

export interface Hooks {
  /** After publication. v3 fires only on change, v4 also at the first pass of the process. */
  published(hash: string, changed: boolean): void;
  /** When the link is about to change; does not hold it up (as in git-sync). */
  publishing(hash: string): void;
  /** Hashes that hooks are busy with. */
  busy(): string[];
  /** Waits for the runs that are in progress, at most so long. */
  headStart(milliseconds: number): Promise<void>;
  /** Whether the first run of every hook that was sent succeeded. */
  firstResults(): Promise<boolean>;
  stopped(): Promise<void>;
}

export function createHooks(init: HooksInit): Hooks {
  const { settings, clock, stop } = init;
  const runner = (
    name: HookName,
    backoffMs: number,
    action: (hash: string, signal: AbortSignal) => Promise<void>,
  ) => {
    return createHookRunner({
      backoffMs,
      action,
      clock,
      log: init.log.child(name),
      onResult: (status) => init.onResult(name, status),
      once: settings.oneTime,
      signal: stop,
    });
  };
  const exec = (name: HookName, hook: NonNullable<GitSyncSettings['exechook']>) => {
    const log = init.log.child(name);
    return runner(
      name,
      hook.backoffMs,
      createExecHook({ hook, log, env: init.execEnv, treePath: init.treePath }),
    );
  };
  const prePublish = settings.prePublishHook && exec('pre-publish-exechook', settings.prePublishHook);
  const afterwards: HookRunner[] = [];
  if (settings.exechook) {
    afterwards.push(exec('exechook', settings.exechook));
  }
  if (settings.webhook) {
    const { webhook } = settings;
    const action = createWebHook({ hook: webhook, log: init.log.child('webhook'), env: init.env });
    afterwards.push(runner('webhook', webhook.backoffMs, action));
  }
  const sent = new Set<HookRunner>();
  const all = [...(prePublish ? [prePublish] : []), ...afterwards];
  const send = (target: HookRunner, hash: string) => {
    sent.add(target);
    target.send(hash);
  };
  return {
    published(hash, changed) {
      if (changed || settings.dialect === 'v4') {
        afterwards.forEach((target) => send(target, hash));
      }
    },
    publishing(hash) {
      if (prePublish) {
        send(prePublish, hash);
      }
    },
    busy: () => all.flatMap((target) => target.running ?? []),
    async headStart(milliseconds) {
      const attempts = Promise.all(all.map((target) => target.attempted()));
      await withSignal(stop, {}, (signal) =>
        Promise.race([attempts, clock.sleep(milliseconds, signal)]),
      ).catch(() => {
        // The end has come; the loop sees it by itself.
      });
    },
    async firstResults() {
      const results = await Promise.all([...sent].map((target) => target.firstResult()));
      return results.every(Boolean);
    },
    async stopped() {
      await Promise.all(all.map((target) => target.stopped()));
    },
  };
}
