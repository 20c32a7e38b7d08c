/** How things stand with one credential, and how that changes with what happens. Pure. */
import { isPillionError, systemErrorCode } from '../../core/errors.ts';
import type { Credential } from '../model.ts';
import {
  backoffDelay,
  type Instant,
  type Level,
  levelOf,
  type RefreshRules,
  refreshDelay,
} from '../timing.ts';

/** What failed last and has not been made good. */
export interface LastError {
  readonly code: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface KeeperState {
  /** What the source gave last. */
  readonly latest: Credential | undefined;
  /** What those that use it have, as far as is known. */
  readonly inForce: Credential | undefined;
  /** The files are written, and a program to be reloaded was not there to be told. */
  readonly isAbsent: boolean;
  /** In a row. */
  readonly askFailures: number;
  readonly deliveryFailures: number;
  /** Deliveries in a row that found a program absent. */
  readonly absences: number;
  readonly lastError: LastError | undefined;
  /** Milliseconds since the epoch. */
  readonly lastSuccessAt: number | undefined;
  /** Monotonic milliseconds: when the source is asked, and before which it is not, whatever calls for it. */
  readonly nextAsk: number;
  readonly earliestAsk: number;
  /** Monotonic milliseconds; Infinity when there is nothing to deliver. */
  readonly nextDelivery: number;
}

export const INITIAL_STATE: KeeperState = {
  latest: undefined,
  inForce: undefined,
  isAbsent: false,
  askFailures: 0,
  deliveryFailures: 0,
  absences: 0,
  lastError: undefined,
  lastSuccessAt: undefined,
  nextAsk: -Infinity,
  earliestAsk: -Infinity,
  nextDelivery: Infinity,
};

/** Metadata servers tell lengths in whole seconds: an end that differs by less is the same. */
const SAME_END_MS = 5000;

export function isSameLogin(left: Credential | undefined, right: Credential): boolean {
  return left?.username === right.username && left.password === right.password;
}

/** The source gave a credential: it is to be delivered now, and the next one asked for in time. */
export function afterAnswer(
  state: KeeperState,
  credential: Credential,
  now: Instant,
  rules: RefreshRules,
  random: number,
): KeeperState {
  const latest = settled(state.latest, credential);
  return {
    ...state,
    latest,
    // The same login with a later end (a renewed lease) is in use already.
    inForce: isSameLogin(state.inForce, latest) ? latest : state.inForce,
    askFailures: 0,
    lastError: state.deliveryFailures > 0 ? state.lastError : undefined,
    lastSuccessAt: now.wall,
    nextAsk: now.monotonic + refreshDelay(latest, now.wall, rules, random),
    earliestAsk: now.monotonic + rules.minIntervalMs,
    nextDelivery: now.monotonic,
  };
}

/** Sources that repeat a token give its end again each time, give or take a second: then the former one stays. */
function settled(before: Credential | undefined, fresh: Credential): Credential {
  if (before === undefined || !isSameLogin(before, fresh)) {
    return fresh;
  }
  if (before.expiresAt === undefined || fresh.expiresAt === undefined) {
    return before.expiresAt === fresh.expiresAt ? before : fresh;
  }
  return Math.abs(before.expiresAt - fresh.expiresAt) < SAME_END_MS ? before : fresh;
}

export function afterAskFailure(
  state: KeeperState,
  error: unknown,
  now: Instant,
  random: number,
): KeeperState {
  const askFailures = state.askFailures + 1;
  const due = now.monotonic + backoffDelay(askFailures, random);
  return { ...state, askFailures, lastError: lastErrorOf(error, now), nextAsk: due, earliestAsk: due };
}

/** Files and programs have the credential. With `isAbsent` a program does not run yet: it will be looked for again. */
export function afterDelivery(
  state: KeeperState,
  credential: Credential,
  isAbsent: boolean,
  now: Instant,
  random: number,
): KeeperState {
  const absences = isAbsent ? state.absences + 1 : 0;
  return {
    ...state,
    inForce: credential,
    isAbsent,
    absences,
    deliveryFailures: 0,
    lastError: state.askFailures > 0 ? state.lastError : undefined,
    nextDelivery: isAbsent ? now.monotonic + backoffDelay(absences, random) : Infinity,
  };
}

export function afterDeliveryFailure(
  state: KeeperState,
  error: unknown,
  now: Instant,
  random: number,
): KeeperState {
  const deliveryFailures = state.deliveryFailures + 1;
  const nextDelivery = now.monotonic + backoffDelay(deliveryFailures, random);
  return { ...state, deliveryFailures, lastError: lastErrorOf(error, now), nextDelivery };
}

/**
 * A program that is not there at the first delivery starts later and reads the new file by itself. Afterwards one that
 * cannot be reached may still run with what it has, so that is a failure.
 */
export function mayBeAbsent(state: KeeperState, credential: Credential): boolean {
  return state.inForce === undefined || state.inForce === credential;
}

/** Something happened that makes the source worth asking, as soon as the spacing allows. */
export function afterCall(state: KeeperState): KeeperState {
  return { ...state, nextAsk: -Infinity };
}

/** What is due now, or how long nothing is. */
export function nextStep(
  state: KeeperState,
  monotonic: number,
): 'ask' | 'deliver' | { readonly restMs: number } {
  const ask = Math.max(state.nextAsk, state.earliestAsk);
  if (state.latest !== undefined && monotonic >= state.nextDelivery) {
    return 'deliver';
  }
  return monotonic >= ask ? 'ask' : { restMs: Math.min(ask, state.nextDelivery) - monotonic };
}

export function stateLevel(state: KeeperState, wall: number): Level {
  return levelOf(state.inForce, state.askFailures + state.deliveryFailures > 0, wall);
}

/** Nothing of a cause or a stack: they are for the log, where secrets are replaced. */
function lastErrorOf(error: unknown, now: Instant): LastError {
  const code = isPillionError(error) ? error.code : (systemErrorCode(error) ?? 'internal');
  return { code, message: error instanceof Error ? error.message : 'no message', at: now.wall };
}
