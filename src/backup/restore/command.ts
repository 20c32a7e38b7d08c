/** `pillion restore`: ends when the application may start, or must not. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import type { MetricsRegistry } from '../../core/metrics/metrics.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { version } from '../../core/version.ts';
import { RESTORE_GAUGES, RESTORE_METRICS } from '../metrics.ts';
import { RESTORE_OPTIONS, type RestoreValues } from '../options/restore.ts';
import { serve } from '../serve.ts';
import { readSettings, requireTarget } from '../settings.ts';
import { watchVolume } from '../volume/watch.ts';
import { processOptionsOf, withEngine } from '../with-engine.ts';
import { runAfter } from './after.ts';
import { observeRestore, type RestoreView } from './observe.ts';
import type { ReadingEngine } from './reading-engine.ts';
import { restoreVolume } from './restore.ts';
import { restoreSpec } from './spec.ts';

export async function run(context: CommandContext): Promise<ExitStatus> {
  const { values, positionals } = await readSettings(context, RESTORE_OPTIONS);
  if (values.help) {
    const { restoreHelp } = await import('./help.ts');
    context.stdout(restoreHelp());
    return 0;
  }
  if (values.version) {
    context.stdout(`${version}\n`);
    return 0;
  }
  const target = await requireTarget(values, positionals);
  const specs = restoreSpec(values, target, context.env);
  const options = processOptionsOf(context, values, 'the application must not start');
  return runProcess(options, (scope) =>
    withEngine(values, target.name, scope, (engine) => perform(values, specs, engine, scope)),
  );
}

async function perform(
  values: RestoreValues,
  { spec, after }: ReturnType<typeof restoreSpec>,
  engine: ReadingEngine,
  scope: Scope,
): Promise<number> {
  const { log, clock, lifecycle, context } = scope;
  const { signal } = lifecycle;
  if (values.plan) {
    const { planRestore } = await import('./plan.ts');
    const { exitCode, document } = await watchVolume(spec, signal, (watched) =>
      planRestore(spec, engine, watched),
    );
    context.stdout(`${scope.secrets.redact(JSON.stringify(document, undefined, 2))}\n`);
    return exitCode;
  }
  const view = await observe(values, scope);
  const began = clock.monotonic();
  const result = await watchVolume(spec, signal, async (watched) => {
    const done = await restoreVolume(spec, { engine, clock, log, events: view.events }, watched);
    await runAfter(after, log, clock, watched);
    return done;
  });
  log.info('the application may start', { result, seconds: Math.round(clock.monotonic() - began) / 1000 });
  return 0;
}

async function observe({ httpBind, httpMetrics }: RestoreValues, scope: Scope): Promise<RestoreView> {
  const { log, clock } = scope;
  const registry = httpBind !== '' && httpMetrics ? await scope.registry() : undefined;
  const { createMetrics } = await import('../../core/metrics/metrics.ts');
  const metrics = registry === undefined ? undefined : createMetrics(RESTORE_METRICS, registry);
  const view = observeRestore(log, clock, metrics);
  if (registry !== undefined) {
    await registerGauges(registry, view);
  }
  await serve(
    {
      bind: httpBind,
      registry,
      live: () => ({ ok: true }),
      ready: () => ({ ok: false, reason: 'the restore has not ended' }),
      status: view.status,
    },
    scope,
  );
  return view;
}

async function registerGauges(registry: MetricsRegistry, view: RestoreView): Promise<void> {
  const { readMetrics } = await import('../../core/metrics/metrics.ts');
  readMetrics(RESTORE_GAUGES, registry, {
    percent: () => view.progress()?.percent,
    bytes: () => view.progress()?.bytesDone,
    waiting: () => Number(view.isWaiting()),
  });
}
