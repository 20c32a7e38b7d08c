/** Injection in a cluster, by webhook or by policies: from its own manifest, and away again. */
import { expect } from 'vitest';
import { textAt } from '../../../src/kubernetes/json.ts';
import { runPillion } from '../../support/pillion.ts';
import { waitFor } from '../../support/wait-for.ts';
import { dryRun } from './api.ts';
import { imageUnderTest } from './environment.ts';
import { pod } from './injected-pods.ts';
import { kubectl, tryInside } from './kubectl.ts';

const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;

export interface Installation {
  /** Removes all of it, and waits until pods are as they were before. */
  remove(): Promise<void>;
}

/** What becomes of a pod that asks or does not, made as a dry run in the namespace: its label foo, or why it is refused. */
export async function outcomeOf(namespace: string, ask?: string): Promise<string> {
  const made = await dryRun(namespace, pod('probe', ask === undefined ? {} : { 'pillion.dev/inject': ask }));
  return 'refused' in made ? made.refused : (textAt(made.pod, 'metadata', 'labels', 'foo') ?? '');
}

const isInForce = async (namespace: string) =>
  (await outcomeOf(namespace, 'label')) === 'bar' &&
  (await outcomeOf(namespace, 'no-such')).includes('no profile "no-such"');

/** `flags` of `pillion injector manifest`; pods of `namespace` tell when it is in force. */
export async function install(flags: readonly string[], namespace: string): Promise<Installation> {
  // Away again sooner than usual: nobody is left who would have to learn of it.
  const drain = flags.includes('--mode=policy') ? [] : ['--arg=--drain=2s'];
  const image = `--image=${imageUnderTest()}`;
  const made = await runPillion(['injector', 'manifest', image, ...drain, ...flags]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  // That of an earlier test may still be going.
  await tryInside(['kubectl', 'wait', '--for=delete', 'namespace/pillion', '--timeout=180s']);
  await kubectl(['apply', '--server-side', '--filename=-'], made.stdout);
  await waitFor(() => isInForce(namespace), { what: 'pods to be injected and refused', ...PATIENT });
  return {
    async remove() {
      await kubectl(['delete', '--wait=true', '--ignore-not-found', '--filename=-'], made.stdout);
      await waitFor(async () => (await outcomeOf(namespace, 'no-such')) === '', {
        what: 'pods to be left alone',
        ...PATIENT,
      });
    },
  };
}
