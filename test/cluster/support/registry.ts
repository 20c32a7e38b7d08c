import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { clusterFolder, clusterScript } from './environment.ts';
import { inside } from './kubectl.ts';

const PORT = 5000;

/** A registry on the node, for pods with `imagePullPolicy: Always`; it has what is on the node already. */
export interface Registry {
  /** The name by which a pod gets this image of the node from the registry. */
  nameOf(image: string): string;
}

async function digestOf(image: string): Promise<string> {
  const ctr = ['ctr', '--address', join(clusterFolder(), 'containerd.sock'), '--namespace', 'k8s.io'];
  const rows = (await inside([...ctr, 'images', 'list', `name==${image}`])).split('\n');
  const digest = rows.find((row) => row.startsWith(`${image} `))?.split(/\s+/)[2];
  if (digest === undefined) {
    throw new Error(`${image} is not on the node`);
  }
  return digest;
}

/** Starts a registry in the cluster's network with one image; it ends with the tests of this file. */
export async function startRegistry(image: string): Promise<Registry> {
  const program = fileURLToPath(new URL('pod-programs/registry.ts', import.meta.url));
  const content = join(clusterFolder(), 'containerd/root/io.containerd.content.v1.content/blobs');
  const node = [process.execPath, program, String(PORT), content, await digestOf(image)];
  const child = spawn(clusterScript('in'), node, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  afterAll(async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the registry ended');
    }),
  ]);
  return { nameOf: (name) => name.replace(/^localhost\//, `localhost:${PORT}/`) };
}
