/** The body of /status of a process with several repositories. */
import { isoTime, statusReport } from '../status-report.ts';
import { ageOfRepository, readinessOf } from './health.ts';
import type { ReloadStatus } from './reload.ts';
import type { Repository } from './repository.ts';

export interface ProcessStatus {
  readonly file: string;
  readonly startedAt: number;
  readonly now: number;
  readonly lastReload: ReloadStatus | undefined;
  readonly repositories: readonly Repository[];
}

async function reportOf(repository: Repository, now: number): Promise<Readonly<Record<string, unknown>>> {
  const { config, startedAt } = repository;
  const {
    command: _command,
    ready: _ready,
    ...report
  } = statusReport({
    settings: config.settings,
    sync: repository.status(),
    loop: repository.loop(),
    startedAt,
    ageMs: ageOfRepository(repository, now),
  });
  const { ok, reason } = await readinessOf(repository, now);
  const opening = repository.openingError();
  const error = opening && { ...opening, at: isoTime(opening.at) };
  return {
    name: config.name,
    ready: ok,
    ...(ok ? {} : { notReady: reason }),
    ...report,
    ...(error === undefined ? {} : { lastError: error }),
  };
}

/** What is known of each repository, and of the file that says which there are. */
export async function processStatus(status: ProcessStatus): Promise<Readonly<Record<string, unknown>>> {
  const { file, startedAt, now, lastReload } = status;
  const repositories = await Promise.all(status.repositories.map(async (each) => reportOf(each, now)));
  return {
    command: 'git-sync',
    ready: repositories.every(({ ready }) => ready === true),
    startedAt: isoTime(startedAt),
    config: { file, lastReload: lastReload ?? null },
    repositories,
  };
}
