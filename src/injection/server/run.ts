/** `pillion injector`: answers reviews until a signal ends it. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { type HttpServer, startHttpServer } from '../../core/http/server.ts';
import { tlsServer } from '../../core/http/tls-server.ts';
import { createMetrics } from '../../core/metrics/metrics.ts';
import type { Values } from '../../core/options/option.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { version } from '../../core/version.ts';
import { SYSTEM_NAMESPACES } from '../../kubernetes/system-namespaces.ts';
import { atLeast, NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { certificateSource } from './certificates/choose.ts';
import { webhookRoutes } from './handler.ts';
import { createHealth, servePlain } from './health.ts';
import { INJECTOR_METRICS } from './metrics.ts';
import { allowedNamespaces, type INJECTOR_OPTIONS } from './options.ts';
import { createProfileStore, type ProfileStore } from './profile-store.ts';

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
  const store = createProfileStore({ cwd: context.cwd, names: values.profiles, clock, log });
  await store.refresh(signal);
  const certificates = await certificateSource(values, scope);
  const health = createHealth(certificates, scope);
  if (values.httpBind !== '') {
    // Before there is a certificate: whoever looks at a waiting replica is told what it waits for.
    await servePlain(values.httpBind, scope, { health, store });
  }
  const first = await certificates.load(signal);
  const server = await startHttpServer({
    bind: values.bind,
    log,
    tls: tlsServer(first),
    limits: LIMITS,
    routes: webhookRoutes({
      settings: settingsReader(values, store),
      version,
      log,
      metrics: createMetrics(INJECTOR_METRICS, await scope.registry()),
    }),
  });
  health.serving(first, server.port);
  stopInOrder(server, values, scope);
  log.info('listening', { host: server.host, port: server.port, names: first.names });
  await Promise.all([
    store.follow(signal),
    health.follow(signal),
    certificates.follow(signal, async (served) => {
      await server.setCertificate(served);
      health.serving(served, server.port);
      log.info('certificate replaced', { expires: new Date(served.expiresAt).toISOString() });
    }),
  ]);
  return 0;
}

/** The settings of now: made once for each state of the profiles. */
function settingsReader(values: InjectorValues, store: ProfileStore): () => InjectionSettings {
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  const allowed = allowedNamespaces(values.allow);
  const base = {
    image: values.image,
    target,
    nativeSidecars: atLeast(target, 29),
    systemNamespaces: SYSTEM_NAMESPACES,
    isAllowed: (profile: string, namespace: string) => allowed.get(profile)?.has(namespace) ?? true,
  };
  let settings: InjectionSettings = { ...base, profiles: store.profiles() };
  return () => {
    const profiles = store.profiles();
    if (profiles !== settings.profiles) {
      settings = { ...base, profiles };
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
