/** Whether the repositories of a process are ready and alive, each and as a whole. */
import type { HealthCheck } from '../../core/http/server.ts';
import { ageOf, checkLive, checkReady } from '../http.ts';
import type { Repository } from './repository.ts';

/** Names that a reason shows. */
const MOST_SHOWN = 5;

export async function readinessOf(repository: Repository, now: number): Promise<HealthCheck> {
  const { config, startedAt } = repository;
  const error = repository.openingError();
  if (error !== undefined) {
    return { ok: false, reason: `cannot start: ${error.message}` };
  }
  const { maxAgeMs } = config.settings;
  const isPublished = await repository.isPublished();
  return checkReady(repository.status(), isPublished, { maxAgeMs, startedAt, now });
}

/** Ready when every one is. */
export async function readinessOfAll(repositories: readonly Repository[], now: number): Promise<HealthCheck> {
  const checks = await Promise.all(
    repositories.map(async (each) => ({ name: each.config.name, ...(await readinessOf(each, now)) })),
  );
  const bad = checks.filter(({ ok }) => !ok);
  if (bad.length === 0) {
    return { ok: true };
  }
  const shown = bad.slice(0, MOST_SHOWN).map(({ name, reason }) => `${name}: ${reason}`);
  const more = bad.length > MOST_SHOWN ? [`and ${bad.length - MOST_SHOWN} more`] : [];
  return { ok: false, reason: [...shown, ...more].join('\n') };
}

/** Alive while every one is. */
export function livenessOfAll(repositories: readonly Repository[], now: number): HealthCheck {
  for (const { config, status } of repositories) {
    const check = checkLive(status(), now);
    if (!check.ok) {
      return { ok: false, reason: `${config.name}: ${check.reason}` };
    }
  }
  return { ok: true };
}

/** Milliseconds since the last success of a repository. */
export function ageOfRepository({ status, startedAt }: Repository, now: number): number {
  return ageOf(status(), { startedAt, now });
}
