/** A replica of the injector that keeps its certificate in a cluster of the test. */
import { onTestFinished } from 'vitest';
import { type RunningPillion, startPillion } from '../../../support/pillion.ts';
import type { ApiServer } from './api-server.ts';

export interface Replica {
  readonly running: RunningPillion;
  readonly port: number;
  readonly httpPort: number;
}

/** Waits until it listens. */
export async function startReplica({ url }: ApiServer, args: readonly string[] = []): Promise<Replica> {
  const running = await startPillion([
    'injector',
    '--bind=127.0.0.1:0',
    '--http-bind=127.0.0.1:0',
    '--namespace=pillion',
    `--api-server=${url}`,
    '--drain=0s',
    ...args,
  ]);
  onTestFinished(async () => {
    await running.stop();
  });
  const [httpPort, port] = (
    await Promise.all([running.waitForLog('"serving health and metrics"'), running.waitForLog('"listening"')])
  ).map((line) => (JSON.parse(line) as { port: number }).port);
  return { running, port: port ?? 0, httpPort: httpPort ?? 0 };
}

export const isReady = async ({ httpPort }: Replica) =>
  (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok;
