/** Injection in a cluster, by webhook or by policies: from its own manifest, and away again. */
import { expect } from 'vitest';
import { runPillion } from '../../support/pillion.ts';
import { waitFor } from '../../support/wait-for.ts';
import { imageUnderTest } from './environment.ts';
import { kubectl, tryInside } from './kubectl.ts';

const PATIENT = { timeoutMs: 240_000, intervalMs: 300 } as const;

export interface Installation {
  /** Removes all of it, and waits until pods are as they were before. */
  remove(): Promise<void>;
}

/** The label of a pod that asks for the profile label, made as a dry run in the namespace. */
async function labelOf(namespace: string): Promise<string> {
  const metadata = { name: 'probe', annotations: { 'pillion.dev/inject': 'label' } };
  const containers = [{ name: 'web', image: 'i', resources: {} }];
  const made = await tryInside(
    [
      'kubectl',
      '--namespace',
      namespace,
      'create',
      '--filename=-',
      '--dry-run=server',
      '--output=jsonpath={.metadata.labels.foo}',
    ],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } }),
  );
  return made.code === 0 ? made.stdout : made.stderr;
}

/** `flags` of `pillion injector manifest`; pods of `namespace` tell when it is in force. */
export async function install(flags: readonly string[], namespace: string): Promise<Installation> {
  const made = await runPillion(['injector', 'manifest', `--image=${imageUnderTest()}`, ...flags]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  await kubectl(['apply', '--server-side', '--filename=-'], made.stdout);
  await waitFor(async () => (await labelOf(namespace)) === 'bar', {
    what: 'a pod to be injected',
    ...PATIENT,
  });
  return {
    async remove() {
      await kubectl(['delete', '--wait=true', '--ignore-not-found', '--filename=-'], made.stdout);
      await waitFor(async () => (await labelOf(namespace)) === '', {
        what: 'pods to be left alone',
        ...PATIENT,
      });
    },
  };
}
