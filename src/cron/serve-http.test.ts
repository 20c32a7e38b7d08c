import { describe, expect, it, onTestFinished } from 'vitest';
import { createRegistry } from '../core/metrics/metrics.ts';
import { resolveOptions } from '../core/options/resolve.ts';
import { createLifecycle } from '../core/process/lifecycle.ts';
import { createRecordedLog } from '../core/testing/recorded-log.ts';
import { interspersedGoFlags } from './cli/flags.ts';
import { RUN_OPTIONS } from './cli/options.ts';
import { startCronHttp, supercronicBind } from './serve-http.ts';

describe('/livez', () => {
  it('fails when the loop has not turned for a minute and a half, and not before', async () => {
    const argv = ['--http-bind=127.0.0.1:0'];
    const { values } = resolveOptions(RUN_OPTIONS, { argv, env: {}, syntax: interspersedGoFlags });
    const { log, lines } = createRecordedLog(0);
    const lifecycle = createLifecycle({ graceMs: 1000 });
    onTestFinished(async () => {
      await lifecycle.shutdown('the test is over');
      lifecycle.dispose();
    });
    let sinceTickMs = 89_000;
    await startCronHttp({
      values,
      log,
      registry: createRegistry(),
      redact: (text) => text,
      lifecycle,
      sinceTickMs: () => sinceTickMs,
      status: () => ({}),
    });
    const { port } = JSON.parse(lines[0] ?? '{}') as { port?: number };
    const live = async () => (await fetch(`http://127.0.0.1:${port}/livez`)).status;
    expect(await live()).toBe(200);
    sinceTickMs = 91_000;
    expect(await live()).toBe(503);
  });
});

describe('-prometheus-listen-address', () => {
  it.each([
    ['', ''],
    ['0.0.0.0', '0.0.0.0:9746'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    [':8080', ':8080'],
    ['[::1]', '[::1]:9746'],
    ['[::1]:8080', '[::1]:8080'],
  ])('%s listens on "%s"', (address, bind) => {
    expect(supercronicBind(address)).toBe(bind);
  });
});
