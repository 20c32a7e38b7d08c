/** `pillion injector`: answers reviews until a signal ends it. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { type HttpServer, sharedRoutes, startHttpServer } from '../../core/http/server.ts';
import { tlsServer } from '../../core/http/tls-server.ts';
import { createMetrics, readMetrics } from '../../core/metrics/metrics.ts';
import type { Values } from '../../core/options/option.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { version } from '../../core/version.ts';
import { atLeast, NEWEST_KNOWN, parseVersion } from '../../kubernetes/version.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { certificateFiles } from './certificates/files.ts';
import type { CertificateSource, Served } from './certificates/source.ts';
import { webhookRoutes } from './handler.ts';
import { INJECTOR_GAUGES, INJECTOR_METRICS } from './metrics.ts';
import { allowedNamespaces, type INJECTOR_OPTIONS } from './options.ts';
import { createProfileStore, type ProfileStore } from './profile-store.ts';

type InjectorValues = Values<typeof INJECTOR_OPTIONS>;

const VERBOSITY = { warn: -1, info: 0, debug: 2 } as const;
/** For what is under way when the drain is over. */
const AFTER_DRAIN_MS = 5_000;
/** An API server keeps an idle connection for 90 seconds: whoever closes first loses a request that is on its way. */
const KEEP_ALIVE_MS = 120_000;
const MAX_CONNECTIONS = 1024;
const MAX_HEADER_BYTES = 32 * 1024;

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

interface State {
  served: Served;
  isServing: boolean;
}

async function serve(values: InjectorValues, scope: Scope): Promise<number> {
  const { log, lifecycle, clock, context } = scope;
  const { signal } = lifecycle;
  const store = createProfileStore({ cwd: context.cwd, names: values.profiles, clock, log });
  await store.refresh(signal);
  const certificates = certificateSource(values, scope);
  const state: State = { served: await certificates.load(signal), isServing: false };
  if (values.httpBind !== '') {
    await servePlain(values, scope, { state, store });
  }
  const server = await startHttpServer({
    bind: values.bind,
    log,
    tls: tlsServer(state.served),
    limits: {
      keepAliveTimeoutMs: KEEP_ALIVE_MS,
      idleTimeoutMs: 2 * KEEP_ALIVE_MS,
      maxConnections: MAX_CONNECTIONS,
      maxHeaderBytes: MAX_HEADER_BYTES,
    },
    routes: webhookRoutes({
      settings: settingsReader(values, store),
      version,
      log,
      metrics: createMetrics(INJECTOR_METRICS, await scope.registry()),
    }),
  });
  state.isServing = true;
  stopInOrder(server, values, scope);
  log.info('listening', { host: server.host, port: server.port, names: state.served.names });
  await Promise.all([
    store.follow(signal),
    certificates.follow(signal, async (served) => {
      await server.setCertificate(served);
      state.served = served;
      log.info('certificate replaced', { expires: new Date(served.expiresAt).toISOString() });
    }),
  ]);
  return 0;
}

function certificateSource(values: InjectorValues, { clock, log }: Scope): CertificateSource {
  if (values.tlsCertFile === '') {
    throw usageError('there is no certificate', 'name its file with --tls-cert-file');
  }
  return certificateFiles({ certFile: values.tlsCertFile, keyFile: values.tlsKeyFile }, { clock, log });
}

/** The settings of now: made once for each state of the profiles. */
function settingsReader(values: InjectorValues, store: ProfileStore): () => InjectionSettings {
  const target = parseVersion(values.kubernetes) ?? NEWEST_KNOWN;
  const allowed = allowedNamespaces(values.allow);
  const base = {
    image: values.image,
    target,
    nativeSidecars: atLeast(target, 29),
    systemNamespaces: new Set(['kube-system', 'kube-public', 'kube-node-lease']),
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

async function servePlain(
  values: InjectorValues,
  { log, secrets, lifecycle, registry, clock }: Scope,
  { state, store }: { readonly state: State; readonly store: ProfileStore },
): Promise<void> {
  const metrics = await registry();
  readMetrics(INJECTOR_GAUGES, metrics, {
    certificateExpiry: () => state.served.expiresAt / 1000,
    profiles: () => store.profiles().size,
    badProfiles: () => store.findings().length,
  });
  const ready = () => {
    if (lifecycle.signal.aborted) {
      return { ok: false, reason: 'shutting down' };
    }
    if (state.served.expiresAt <= clock.now()) {
      return { ok: false, reason: 'the certificate has expired' };
    }
    return { ok: state.isServing, reason: 'not serving yet' };
  };
  const server = await startHttpServer({
    bind: values.httpBind,
    log,
    routes: sharedRoutes({
      redact: (text) => secrets.redact(text),
      live: () => ({ ok: true }),
      ready,
      metrics: () => metrics.scrape(),
      status: () => ({
        certificate: {
          names: state.served.names,
          expires: new Date(state.served.expiresAt).toISOString(),
        },
        profiles: [...store.profiles().values()].map(({ name, origin }) => ({ name, origin })),
        findings: store.findings(),
        stopping: lifecycle.signal.aborted,
      }),
    }),
  });
  lifecycle.onShutdown('http server', (deadline) => server.close(deadline));
  log.info('serving health and metrics', { host: server.host, port: server.port });
}
