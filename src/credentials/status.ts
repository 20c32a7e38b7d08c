import type { Keeper } from './keeper/keeper.ts';

const timeOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

/** One credential in /status: how things stand and what comes next. Nothing of the credential itself but its user. */
export function credentialStatus(keeper: Keeper, now: number, monotonic: number): object {
  const state = keeper.state();
  const { spec } = keeper;
  const due = Math.max(state.nextAsk, state.earliestAsk);
  const { lastError } = state;
  return {
    name: spec.name,
    provider: spec.source.provider,
    level: keeper.level(),
    user: state.inForce?.username ?? null,
    expiresAt: timeOf(state.inForce?.expiresAt),
    lastSuccess: timeOf(state.lastSuccessAt),
    nextRefresh: Number.isFinite(due) ? timeOf(now + due - monotonic) : null,
    failures: state.askFailures + state.deliveryFailures,
    lastError: lastError === undefined ? null : { ...lastError, at: timeOf(lastError.at) },
    reloadPending: isReloadPending(keeper),
    pgbouncerVersion: keeper.pgbouncerVersion() || null,
    outputs: spec.outputs.map(({ format, path }) => ({ format, path })),
  };
}

/** Whether something that uses the credential has not been told of it. */
export function isReloadPending(keeper: Keeper): boolean {
  const { isAbsent, deliveryFailures } = keeper.state();
  return isAbsent || deliveryFailures > 0;
}
