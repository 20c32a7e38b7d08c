/** The HTTP server of a process with several repositories. */
import { ANY, type Route, sharedRoutes, startHttpServer, textReply } from '../../core/http/server.ts';
import { type MetricsRegistry, readMetrics } from '../../core/metrics/metrics.ts';
import type { Scope } from '../../core/process/run-process.ts';
import { PPROF_ROUTE } from '../http.ts';
import { CONFIG_GAUGES, SYNC_GAUGES } from '../metrics.ts';
import type { GitSyncSettings } from '../settings.ts';
import { ageOfRepository, livenessOfAll, readinessOf, readinessOfAll } from './health.ts';
import type { ReloadStatus } from './reload.ts';
import type { Repositories } from './repositories.ts';
import type { Repository } from './repository.ts';
import type { Slots } from './slots.ts';
import { processStatus } from './status.ts';

export interface ServeInit {
  readonly http: NonNullable<GitSyncSettings['http']>;
  readonly file: string;
  readonly scope: Scope;
  readonly repositories: Repositories;
  readonly slots: Slots;
  readonly lastReload: () => ReloadStatus | undefined;
}

/** `/` and every path that is not another's: as with one repository, 200 for ever once all have been synced. */
function firstSyncRoute(repositories: Repositories): Route {
  const isThere = ({ status }: Repository) => status().publishedHash !== undefined;
  let isDone = false;
  return {
    method: ANY,
    path: '/*',
    handle() {
      isDone ||= repositories.all().every(isThere);
      return isDone ? textReply(200, '') : textReply(503, 'not all repositories are ready');
    },
  };
}

const READY = '/readyz/';

/** `/readyz/NAME`. */
function readyRoute({ repositories, scope }: ServeInit): Route {
  return {
    method: 'GET',
    path: `${READY}*`,
    async handle({ path }) {
      const repository = repositories.get(path.slice(READY.length));
      if (repository === undefined) {
        return textReply(404, 'there is no repository of this name');
      }
      const { ok, reason = '' } = await readinessOf(repository, scope.clock.now());
      return textReply(ok ? 200 : 503, ok ? 'ok' : scope.secrets.redact(reason));
    },
  };
}

function registerGauges(registry: MetricsRegistry, { repositories, scope, slots }: ServeInit): void {
  const { clock } = scope;
  const each = (value: (repository: Repository) => number | undefined) => () =>
    repositories.all().flatMap((repository) => {
      const found = value(repository);
      return found === undefined ? [] : [{ labels: { repository: repository.config.name }, value: found }];
    });
  readMetrics(SYNC_GAUGES, registry, {
    lastChange: each(({ status }) => {
      const { lastChangeAt } = status();
      return lastChangeAt === undefined ? undefined : lastChangeAt / 1000;
    }),
    age: each((repository) => ageOfRepository(repository, clock.now()) / 1000),
  });
  readMetrics(CONFIG_GAUGES, registry, {
    repositories: () => repositories.all().length,
    ready: each((repository) => (ready.get(repository) ? 1 : 0)),
    waiting: () => slots.waiting(),
  });
}

/** As it was found for the scrape that is being answered. */
const ready = new WeakMap<Repository, boolean>();

async function lookAtAll({ repositories, scope }: ServeInit): Promise<void> {
  const now = scope.clock.now();
  await Promise.all(
    repositories.all().map(async (each) => ready.set(each, (await readinessOf(each, now)).ok)),
  );
}

/** Binds before the first sync, so that probes are answered from the start. */
export async function serve(init: ServeInit): Promise<void> {
  const { http, file, scope, repositories } = init;
  const { log, clock, lifecycle, secrets } = scope;
  const startedAt = clock.now();
  const registry = http.metrics ? await scope.registry() : undefined;
  if (registry !== undefined) {
    registerGauges(registry, init);
  }
  const status = async () =>
    processStatus({
      file,
      startedAt,
      now: clock.now(),
      lastReload: init.lastReload(),
      repositories: repositories.all(),
    });
  const server = await startHttpServer({
    bind: http.bind,
    routes: [
      ...sharedRoutes({
        live: () => livenessOfAll(repositories.all(), clock.now()),
        ready: async () => readinessOfAll(repositories.all(), clock.now()),
        metrics:
          registry &&
          (async () => {
            await lookAtAll(init);
            return registry.scrape();
          }),
        status,
        redact: (text) => secrets.redact(text),
      }),
      ...(http.pprof ? [PPROF_ROUTE] : []),
      readyRoute(init),
      firstSyncRoute(repositories),
    ],
    log,
  });
  log.info('serving HTTP', { endpoint: `${server.host}:${server.port}` });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
}
