/** One repository of several in a process: opened, synced in a loop, closed; none of it concerns the others. */
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { deferred } from '../../core/deferred.ts';
import { errorMessage, isPillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { withinDeadline } from '../../core/process/deadline.ts';
import { backoff } from '../../core/retry.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { createLoop, type LoopStatus } from '../loop.ts';
import { createPublishedCheck } from '../published-check.ts';
import type { PassResult } from '../sync/events.ts';
import { createSyncMessages } from '../sync/observers/messages.ts';
import { initialStatus, type SyncStatus } from '../sync/status.ts';
import type { Syncer } from '../sync/syncer.ts';
import { withPeriod } from '../triggers/period.ts';
import { createTrigger } from '../triggers/trigger.ts';
import { shareOf } from '../waits.ts';
import type { RepositoryConfig } from './config/model.ts';
import { REPOSITORIES_ERRORS } from './errors.ts';
import type { Slots } from './slots.ts';

/** What a repository that cannot be opened waits for: somebody to mount or make what is missing. */
const OPENING = backoff({ initialMs: 1000, maxMs: 60_000, jitter: 0.2 });
/** A pass that was stopped and does not come back, since its volume hangs, keeps its turn no longer, milliseconds. */
const TURN_AFTER_STOP_MS = 10_000;
/** Hooks and connections of a repository that was taken out end within this, milliseconds. */
const CLOSING_MS = 30_000;

export interface RepositoryInit {
  readonly config: RepositoryConfig;
  /** What it replaces: until this is open, what that has published counts, if it is the same. */
  readonly former: Repository | undefined;
  /** Resolves when this may begin: its predecessor has let go of the root. */
  readonly after: Promise<unknown>;
  /** Opens it; called again when it failed. */
  readonly open: (stop: AbortSignal) => Promise<Syncer>;
  readonly slots: Slots;
  readonly clock: Clock;
  /** With the name of the repository. */
  readonly log: Log;
  /** Aborted when the process is to end. */
  readonly stop: AbortSignal;
  /** When nothing is waited for any more. */
  readonly deadline: AbortSignal;
}

/** Why a repository could not be opened. */
export interface OpeningError {
  readonly at: number;
  readonly code: string | undefined;
  readonly message: string;
}

export interface Repository {
  readonly config: RepositoryConfig;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Resolves to the exit code that the repository would have as a process, once all of it is closed. Never rejects. */
  readonly done: Promise<number>;
  request(why: string): void;
  /** Ends it; what it has published stays. */
  stop(): void;
  status(): SyncStatus;
  loop(): LoopStatus;
  /** Undefined while it is open. */
  openingError(): OpeningError | undefined;
  isPublished(): Promise<boolean>;
  treesInUse(): readonly string[];
}

async function closeAll({ closing }: Syncer, deadline: AbortSignal): Promise<void> {
  await withSignal(deadline, { timeoutMs: CLOSING_MS }, async (ended) => {
    for (const { run, lastChanceMs } of closing) {
      await withinDeadline(run, ended, lastChanceMs).catch(() => undefined);
    }
  });
}

/** What is known of a repository before it is open. */
function inherited({ config, former }: RepositoryInit): Pick<Repository, 'status' | 'isPublished'> {
  const { repo, follow, root, link } = config.settings;
  const before = former?.config.settings;
  const same =
    before !== undefined &&
    isDeepStrictEqual([before.repo, before.follow, before.root, before.link], [repo, follow, root, link]);
  const hasData = () => {
    const status = former?.status();
    return same && status !== undefined && (status.hasEarlierData || status.publishedHash !== undefined);
  };
  return {
    status: () => initialStatus(hasData()),
    isPublished: async () => (same && (await former?.isPublished())) || false,
  };
}

export function startRepository(init: RepositoryInit): Repository {
  // What is kept of the predecessor ends with `known`: `init` itself must not be held by what lives on.
  const { config, clock, log, slots, open, after, deadline, stop: processStop } = init;
  const { settings, name } = config;
  const controller = new AbortController();
  const { signal: stop } = controller;
  setMaxListeners(0, stop); // every wait listens: that is no leak
  const endWithProcess = () => controller.abort(processStop.reason);
  const trigger = createTrigger();
  let syncer: Syncer | undefined;
  let openingError: OpeningError | undefined;
  let loopStatus = (): LoopStatus => ({ nextPassAt: undefined });
  let known = inherited(init);

  async function openIt(): Promise<Syncer | undefined> {
    for (let attempt = 1; !stop.aborted; attempt += 1) {
      try {
        const opened = await open(stop);
        openingError = undefined;
        return opened;
      } catch (error) {
        const code = isPillionError(error) ? error.code : undefined;
        openingError = { at: clock.now(), code, message: errorMessage(error) };
        if (stop.aborted) {
          return undefined;
        }
        log.error("can't start", error, { attempt });
        if (settings.oneTime) {
          return undefined;
        }
        await withPeriod(trigger, OPENING(attempt), clock)
          .next(stop)
          .catch(() => undefined);
      }
    }
    return undefined;
  }

  /** A pass waits for its turn before its own time begins. */
  const withSlots = (opened: Syncer): Syncer => ({
    ...opened,
    async pass(signal) {
      const isTroubled = opened.status().failuresInARow > 0;
      const begun = deferred<PassResult>();
      await slots.run({ root: settings.root, isTroubled }, signal, async () => {
        begun.resolve(opened.pass(signal));
        await withinDeadline(() => begun.promise, signal, TURN_AFTER_STOP_MS);
      });
      return begun.promise;
    },
  });

  async function syncUntilStopped(opened: Syncer): Promise<number> {
    opened.watchPins(() => trigger.request('rollback'));
    const loop = createLoop({
      syncer: withSlots(opened),
      schedule: settings,
      trigger,
      messages: createSyncMessages(settings, log),
      clock,
      log,
      share: shareOf(`${hostname()} ${name}`),
      stop,
    });
    loopStatus = () => loop.status();
    return loop.run();
  }

  async function live(): Promise<number> {
    await after;
    const opened = await openIt();
    if (opened === undefined) {
      return stop.aborted ? 0 : 1;
    }
    syncer = opened;
    known = { status: () => opened.status(), isPublished: createPublishedCheck(opened.link) };
    try {
      return await syncUntilStopped(opened);
    } finally {
      controller.abort(REPOSITORIES_ERRORS.repository_removed({ name }));
      await closeAll(opened, deadline);
    }
  }

  processStop.addEventListener('abort', endWithProcess, { once: true });
  if (processStop.aborted) {
    endWithProcess();
  }
  const done = live()
    .catch((error: unknown) => {
      log.error('the sync has ended', error);
      return 1;
    })
    .finally(() => processStop.removeEventListener('abort', endWithProcess));
  return {
    config,
    startedAt: clock.now(),
    done,
    request: (why) => trigger.request(why),
    stop: () => controller.abort(REPOSITORIES_ERRORS.repository_removed({ name })),
    status: () => known.status(),
    loop: () => loopStatus(),
    openingError: () => openingError,
    isPublished: () => known.isPublished(),
    treesInUse: () => syncer?.treesInUse() ?? [],
  };
}
