/** `--trigger-bind` of a process with several repositories: a request starts the syncs that it concerns. */
import type { Scope } from '../../core/process/run-process.ts';
import type { GitSyncSettings } from '../settings.ts';
import type { SyncObserver } from '../sync/events.ts';
import type { OpenTarget } from '../triggers/receiver/target.ts';
import type { RepositoryConfig } from './config/model.ts';

export interface Triggers {
  /** Lets requests start the sync of a repository, as it is from now on. */
  add(config: RepositoryConfig): void;
  remove(name: string): void;
  /** Whoever has to know what the sync of a repository does. */
  observersOf(config: RepositoryConfig): readonly SyncObserver[];
  /** Begins to listen, until the process ends. */
  listen(): Promise<void>;
}

export interface TriggersInit {
  readonly settings: GitSyncSettings;
  readonly scope: Scope;
  /** The names of the repositories that there are. */
  readonly names: () => readonly string[];
  readonly request: (name: string, why: string) => void;
}

const NONE: Triggers = { add() {}, remove() {}, observersOf: () => [], listen: () => Promise.resolve() };

/** @throws PillionError `secret_file_unusable` */
export async function createTriggers({ settings, scope, names, request }: TriggersInit): Promise<Triggers> {
  const { trigger, http } = settings;
  if (trigger === undefined || settings.oneTime) {
    return NONE;
  }
  const { createTarget, openReceiver } = await import('../triggers/receiver/receiver.lazy.ts');
  const byName = new Map<string, OpenTarget>();
  const count = http?.metrics
    ? (await import('../telemetry.ts')).createTriggerMetrics(await scope.registry())
    : () => {};
  const targets = () => names().flatMap((name) => byName.get(name) ?? []);
  const listen = await openReceiver({ ...trigger, scope, count, targets });
  return {
    add({ name, settings: spec }) {
      byName.get(name)?.close();
      const own = { request: (why: string) => request(name, why) };
      byName.set(name, createTarget({ name, spec, trigger: own, clock: scope.clock }));
    },
    remove(name) {
      byName.get(name)?.close();
      byName.delete(name);
    },
    observersOf: ({ name }) => {
      const target = byName.get(name);
      return target === undefined ? [] : [target.observe];
    },
    listen,
  };
}
