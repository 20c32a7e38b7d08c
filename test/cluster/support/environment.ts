import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const scripts = dirname(dirname(fileURLToPath(import.meta.url)));

function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(
      `${name} is not set: cluster tests are started by \`make test-cluster\` (test/cluster/run)`,
    );
  }
  return value;
}

/** The folder of the running cluster, with its logs and configuration. */
export function clusterFolder(): string {
  return required('PILLION_CLUSTER');
}

/** The name of the image under test, as pods name it. */
export function imageUnderTest(): string {
  return required('PILLION_IMAGE');
}

/** Full path of one of the scripts of test/cluster. */
export function clusterScript(name: string): string {
  return join(scripts, name);
}

/** The minor version of the cluster's Kubernetes 1, as settings.sh chooses it. */
export const KUBERNETES_MINOR = Number(/^1\.([0-9]+)/.exec(process.env['KUBERNETES_VERSION'] ?? '1.37')?.[1]);
