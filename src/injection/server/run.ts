/** `pillion injector`: answers reviews until a signal ends it. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { type HttpServer, startHttpServer } from '../../core/http/server.ts';
import { tlsServer } from '../../core/http/tls-server.ts';
import { createMetrics } from '../../core/metrics/metrics.ts';
import type { Values } from '../../core/options/option.ts';
import { stayModest } from '../../core/process/modest.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { version } from '../../core/version.ts';
import { NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import { clusterSettings } from '../cluster-settings.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { imagesNotAllowed } from '../images/of-profile.ts';
import { allowing } from './allowing.ts';
import { certificateSource } from './certificates/choose.ts';
import { type ClusterAccess, clusterAccess } from './cluster-access.ts';
import { createEventReporter } from './events/reporter.ts';
import { webhookRoutes } from './handler.ts';
import { createHealth, servePlain } from './health.ts';
import { INJECTOR_METRICS } from './metrics.ts';
import type { INJECTOR_OPTIONS } from './options.ts';
import { createPodScan } from './pods/scan.ts';
import { configMapSource, folderSource, type ProfileSource } from './profiles/sources.ts';
import { createProfileStore, type ProfileStore } from './profiles/store.ts';
import { createRecent } from './recent.ts';

type InjectorValues = Values<typeof INJECTOR_OPTIONS>;

const VERBOSITY = { warn: -1, info: 0, debug: 2 } as const;
/** For what is under way when the drain is over. */
const AFTER_DRAIN_MS = 5_000;
const LIMITS = {
  /** An API server keeps an idle connection for 90 seconds: whoever closes first loses a request on its way. */
  keepAliveTimeoutMs: 120_000,
  idleTimeoutMs: 240_000,
  maxConnections: 1024,
  maxHeaderBytes: 32 * 1024,
} as const;

export function runInjector(context: CommandContext, values: InjectorValues): Promise<ExitStatus> {
  stayModest();
  return runProcess(
    {
      context,
      log: { verbosity: VERBOSITY[values.logLevel] },
      graceMs: values.drain + AFTER_DRAIN_MS,
      failureMessage: 'cannot go on',
    },
    (scope) => serve(values, scope),
  );
}

async function serve(values: InjectorValues, scope: Scope): Promise<number> {
  const { log, lifecycle, clock, context } = scope;
  const { signal } = lifecycle;
  const cluster = clusterAccess(values, scope);
  const store = createProfileStore({ sources: profileSources(values, context.cwd, cluster), clock, log });
  await store.refresh(signal);
  const settings = settingsReader(values, store, scope);
  const certificates = await certificateSource(values, scope, cluster);
  const health = createHealth({ certificates, store }, scope);
  const recent = createRecent();
  const events = cluster && createEventReporter({ client: cluster.client, clock, log });
  const scan =
    cluster && values.scanPeriod > 0
      ? createPodScan({ client: cluster.client, settings, clock, log, periodMs: values.scanPeriod })
      : undefined;
  if (values.httpBind !== '') {
    // Before there is a certificate: whoever looks at a waiting replica is told what it waits for.
    await servePlain(values.httpBind, scope, { health, store, recent, scan });
  }
  const first = await certificates.load(signal);
  const server = await startHttpServer({
    bind: values.bind,
    log,
    tls: tlsServer(first),
    limits: LIMITS,
    routes: webhookRoutes({
      settings,
      version,
      log,
      metrics: createMetrics(INJECTOR_METRICS, await scope.registry()),
      onDecision(told) {
        recent.note(told, clock.now());
        events?.report(told);
      },
    }),
  });
  health.serving(first, server);
  stopInOrder(server, values, scope);
  log.info('listening', { host: server.host, port: server.port, names: first.names });
  await Promise.all([
    store.follow(signal),
    health.follow(signal),
    events?.follow(signal),
    scan?.follow(signal),
    certificates.follow(signal, async (served) => {
      await server.setCertificate(served);
      health.serving(served, server);
      log.info('certificate replaced', { expires: new Date(served.expiresAt).toISOString() });
    }),
  ]);
  return 0;
}

function profileSources(
  { profiles, profileLabel }: InjectorValues,
  cwd: string,
  cluster: ClusterAccess | undefined,
): ProfileSource[] {
  return [
    ...(profiles.length > 0 ? [folderSource(cwd, profiles)] : []),
    ...(cluster !== undefined && profileLabel !== ''
      ? [configMapSource(cluster.client, { namespace: cluster.namespace, selector: profileLabel })]
      : []),
  ];
}

/** The settings of now: made once for each state of the profiles. */
function settingsReader(
  values: InjectorValues,
  store: ProfileStore,
  { log }: Pick<Scope, 'log'>,
): () => InjectionSettings {
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  const base = {
    ...clusterSettings({ ...values, target }),
    isAllowed: allowing(values.allow, () => store.profiles()),
  };
  let settings: InjectionSettings = { ...base, profiles: store.profiles() };
  let told = '[]';
  const tell = (): void => {
    const refused = imagesNotAllowed(settings.profiles, base.image, base.images);
    if (JSON.stringify(refused) !== told) {
      told = JSON.stringify(refused);
      log.warn('profiles with images that may not be used', { refused, allowed: base.images.entries });
    }
  };
  tell();
  return () => {
    const profiles = store.profiles();
    if (profiles !== settings.profiles) {
      settings = { ...base, profiles };
      tell();
    }
    return settings;
  };
}

/**
 * First unready and every answer the last of its connection, while new connections are still answered: clients find
 * another replica before this one goes.
 */
function stopInOrder(server: HttpServer, { drain }: InjectorValues, { lifecycle, clock, log }: Scope): void {
  lifecycle.onShutdown('webhooks', async (deadline) => {
    server.drain();
    log.info('draining', { connections: server.connections() });
    await clock.sleep(drain, deadline).catch(() => undefined);
    await untilAborted(server.close(deadline), deadline).catch(() => undefined);
  });
}
