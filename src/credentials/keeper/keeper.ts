/** Keeps one credential fresh: asks its source in time, and delivers what it gives. */

import type { Clock } from '../../core/clock.ts';
import { deferred } from '../../core/deferred.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import type { CredentialSpec } from '../config/spec.ts';
import type { Answer, Credential, Source } from '../model.ts';
import { SOURCE_ERRORS } from '../providers/errors.ts';
import { RELOAD_ERRORS } from '../reload/errors.ts';
import { clockJump, type Instant, type Level } from '../timing.ts';
import type { Delivery } from './delivery.ts';
import {
  afterAnswer,
  afterAskFailure,
  afterCall,
  afterDelivery,
  afterDeliveryFailure,
  INITIAL_STATE,
  isSameLogin,
  type KeeperState,
  mayBeAbsent,
  nextStep,
  stateLevel,
} from './state.ts';

/** Called as things happen, for logs and metrics. Nothing here is secret but the credentials. */
export interface KeeperEvents {
  /** The source gave a credential; `isNew` when it is another than before. */
  asked(answer: Answer, isNew: boolean, durationMs: number): void;
  askFailed(error: unknown, retryInMs: number, durationMs: number): void;
  delivered(credential: Credential): void;
  /** The files are written, and what is to be reloaded does not run yet. */
  waiting(error: unknown): void;
  deliveryFailed(error: unknown, retryInMs: number): void;
  levelChanged(level: Level, before: Level): void;
  clockJumped(ms: number): void;
}

export interface KeeperInit {
  readonly spec: CredentialSpec;
  readonly source: Source;
  readonly delivery: Delivery;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: KeeperEvents;
}

export interface Keeper {
  readonly spec: CredentialSpec;
  /** Works until the signal is aborted; then resolves. */
  run(signal: AbortSignal): Promise<void>;
  /** Asks and delivers once; programs that do not run yet are no failure. Throws what failed. */
  once(signal: AbortSignal): Promise<void>;
  /** Asks as soon as the spacing allows: the source may have something new. */
  call(): void;
  state(): KeeperState;
  level(): Level;
  /** Milliseconds since it last looked at what is due. */
  idleMs(): number;
  /** Version of the pgbouncer that was last seen; '' when none was. */
  pgbouncerVersion(): string;
}

/** How often clocks are compared and levels looked at: a resumed machine asks within this time. */
const TICK_MS = 5000;

export function createKeeper(init: KeeperInit): Keeper {
  const { spec, source, delivery, clock, random, events } = init;
  let state = INITIAL_STATE;
  let level: Level = 'none';
  let calls = 0;
  let wake = new AbortController();
  let lookedAt = clock.monotonic();
  const instant = (): Instant => ({ wall: clock.now(), monotonic: clock.monotonic() });

  function call(): void {
    calls += 1;
    state = afterCall(state);
    wake.abort();
  }

  async function ask(signal: AbortSignal): Promise<void> {
    const started = clock.monotonic();
    const before = calls;
    const answer = await askInTime(init, signal);
    const isNew = !isSameLogin(state.latest, answer.credential);
    state = afterAnswer(state, answer.credential, instant(), spec.rules, random());
    // Called while it was on its way: the answer may be of before.
    state = calls === before ? state : afterCall(state);
    events.asked(answer, isNew, clock.monotonic() - started);
  }

  async function deliver(credential: Credential, signal: AbortSignal): Promise<void> {
    const absence = await delivery.deliver(credential, signal).then(
      () => undefined,
      (error: unknown) => {
        signal.throwIfAborted();
        if (!RELOAD_ERRORS.reload_absent.matches(error) || !mayBeAbsent(state, credential)) {
          throw error;
        }
        return error;
      },
    );
    if (absence !== undefined && !state.isAbsent) {
      events.waiting(absence);
    }
    const isNew = state.inForce !== credential || (state.isAbsent && absence === undefined);
    state = afterDelivery(state, credential, absence !== undefined, instant(), random());
    if (isNew) {
      events.delivered(credential);
    }
  }

  async function step(signal: AbortSignal): Promise<void> {
    const started = clock.monotonic();
    const due = nextStep(state, started);
    lookedAt = started;
    try {
      if (due === 'ask') {
        await ask(signal);
      } else if (due === 'deliver' && state.latest !== undefined) {
        await deliver(state.latest, signal);
      } else if (typeof due === 'object') {
        await waitUntilDue(due.restMs, signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      const now = instant();
      if (due === 'ask') {
        state = afterAskFailure(state, error, now, random());
        events.askFailed(error, state.nextAsk - now.monotonic, now.monotonic - started);
      } else {
        state = afterDeliveryFailure(state, error, now, random());
        events.deliveryFailed(error, state.nextDelivery - now.monotonic);
      }
    }
    checkLevel();
  }

  async function waitUntilDue(ms: number, signal: AbortSignal): Promise<void> {
    await withSignal(signal, {}, async (scope) => {
      const woken = new Promise<void>((resolve) => {
        wake.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const passed = clock.sleep(Math.min(Math.max(ms, 0), TICK_MS), scope).catch(() => undefined);
      await (wake.signal.aborted ? undefined : Promise.race([passed, woken]));
    });
    wake = new AbortController();
  }

  function checkLevel(): void {
    const found = stateLevel(state, clock.now());
    if (found !== level) {
      events.levelChanged(found, level);
      level = found;
    }
  }

  async function work(signal: AbortSignal): Promise<void> {
    let before = instant();
    while (!signal.aborted) {
      await step(signal);
      const now = instant();
      const jump = clockJump(before, now);
      if (jump !== 0) {
        events.clockJumped(jump);
        state = afterCall(state);
      }
      before = now;
    }
  }

  return {
    spec,
    async run(signal) {
      const watching = source.watch?.(call, signal).catch(() => undefined);
      await work(signal).catch((error: unknown) => {
        if (!signal.aborted) {
          throw error;
        }
      });
      await watching;
    },
    async once(signal) {
      await ask(signal);
      if (state.latest !== undefined) {
        await deliver(state.latest, signal);
      }
      checkLevel();
    },
    call,
    state: () => state,
    level: () => stateLevel(state, clock.now()),
    idleMs: () => clock.monotonic() - lookedAt,
    pgbouncerVersion: () => delivery.version(),
  };
}

/** One question to the source, within its time. */
async function askInTime({ spec, source }: KeeperInit, signal: AbortSignal): Promise<Answer> {
  const { timeoutMs } = spec;
  const reason = (): Error =>
    SOURCE_ERRORS.source_timeout({
      source: `the source (${spec.source.provider})`,
      seconds: timeoutMs / 1000,
    });
  return withSignal(signal, { timeoutMs, reason }, (scope) => {
    // Raced, because not everything can be interrupted: a read from a network file system that hangs, for one.
    const cut = deferred<never>();
    scope.addEventListener('abort', () => cut.reject(signal.aborted ? signal.reason : scope.reason), {
      once: true,
    });
    const answer = source.ask(scope).catch((error: unknown) => {
      throw scope.aborted ? (signal.aborted ? signal.reason : scope.reason) : error;
    });
    return Promise.race([answer, cut.promise]);
  });
}
