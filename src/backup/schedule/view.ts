/** What the sidecar has done: for /status, /readyz and metrics. The only owner of these facts. */
import type { Clock } from '../../core/clock.ts';
import { errorMessage, isPillionError } from '../../core/errors.ts';
import { STORE_ERRORS } from '../errors.ts';
import type { BackupOutcome } from '../make/make-backup.ts';

export interface Facts {
  readonly lastAttemptAt: number | undefined;
  readonly lastSuccessAt: number | undefined;
  readonly lastOutcome: BackupOutcome | undefined;
  readonly lastDurationMs: number | undefined;
  readonly lastError: { readonly at: number; readonly code: string; readonly message: string } | undefined;
  readonly lastVerifyAt: number | undefined;
  readonly lastDrillAt: number | undefined;
  readonly problems: number | undefined;
  readonly results: Readonly<Record<BackupResult, number>>;
}

export type BackupResult = 'success' | 'failure' | 'refused';

export interface BackupView {
  facts(): Facts;
  began(): void;
  succeeded(outcome: BackupOutcome, durationMs: number): void;
  failed(error: unknown): void;
  /** The newest snapshot that was there before this process. */
  found(time: number): void;
  verified(problems: number): void;
  drilled(): void;
  /** Why the last success is too old; undefined while it is not. */
  staleness(maxAgeMs: number): string | undefined;
}

export function createView(clock: Clock): BackupView {
  const startedAt = clock.now();
  let facts: Facts = {
    lastAttemptAt: undefined,
    lastSuccessAt: undefined,
    lastOutcome: undefined,
    lastDurationMs: undefined,
    lastError: undefined,
    lastVerifyAt: undefined,
    lastDrillAt: undefined,
    problems: undefined,
    results: { success: 0, failure: 0, refused: 0 },
  };
  const count = (result: BackupResult) => ({ ...facts.results, [result]: facts.results[result] + 1 });
  return {
    facts: () => facts,
    began() {
      facts = { ...facts, lastAttemptAt: clock.now() };
    },
    succeeded(lastOutcome, lastDurationMs) {
      const results = count('success');
      facts = {
        ...facts,
        lastOutcome,
        lastDurationMs,
        lastSuccessAt: clock.now(),
        lastError: undefined,
        results,
      };
    },
    failed(error) {
      const results = count(STORE_ERRORS.backup_refused.matches(error) ? 'refused' : 'failure');
      const code = isPillionError(error) ? error.code : 'internal';
      facts = { ...facts, lastError: { at: clock.now(), code, message: errorMessage(error) }, results };
    },
    found(time) {
      facts = { ...facts, lastSuccessAt: facts.lastSuccessAt ?? time };
    },
    verified(problems) {
      facts = { ...facts, problems, ...(problems === 0 ? { lastVerifyAt: clock.now() } : {}) };
    },
    drilled() {
      facts = { ...facts, lastDrillAt: clock.now() };
    },
    staleness(maxAgeMs) {
      const since = facts.lastSuccessAt ?? startedAt;
      const age = clock.now() - since;
      return maxAgeMs === 0 || age <= maxAgeMs
        ? undefined
        : `the last successful backup is ${Math.round(age / 1000)} s old, and may be ${maxAgeMs / 1000}`;
    },
  };
}

/** The facts as /status tells them. */
export function renderFacts(facts: Facts): object {
  const { lastOutcome, lastError, results, problems } = facts;
  return {
    lastAttempt: iso(facts.lastAttemptAt),
    lastSuccess: iso(facts.lastSuccessAt),
    lastVerify: iso(facts.lastVerifyAt),
    lastDrill: iso(facts.lastDrillAt),
    lastDurationSeconds: facts.lastDurationMs === undefined ? null : facts.lastDurationMs / 1000,
    lastSnapshot:
      lastOutcome === undefined
        ? null
        : {
            ...lastOutcome,
            snapshot: lastOutcome.snapshot.id,
            time: iso(lastOutcome.snapshot.time),
            snapshots: lastOutcome.snapshots.length,
          },
    lastError: lastError === undefined ? null : { ...lastError, at: iso(lastError.at) },
    results,
    problems: problems ?? null,
  };
}

export const iso = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();
