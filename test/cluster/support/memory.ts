import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterFolder } from './environment.ts';
import type { TestNamespace } from './namespace.ts';

export interface MemoryUse {
  /** What the kernel holds the container to. */
  readonly limitBytes: number;
  /**
   * The most that the container ever held, page cache included. With much to read and write that is the limit, and may
   * be some pages more: allocations of the kernel itself that must not fail are let through.
   */
  readonly peakBytes: number;
  /** What it holds now without page cache: heap, stacks. */
  readonly anonymousBytes: number;
  /** How many of its processes the kernel killed because of the limit. A child that is killed ends no container. */
  readonly oomKills: number;
}

const SAMPLE_MS = 20;

// cgroups: one tree in version 2, one per kind of resource in version 1.
const VERSIONS = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    anonymous: 'total_rss',
    events: 'memory.oom_control',
  },
  {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    peak: 'memory.peak',
    anonymous: 'anon',
    events: 'memory.events',
  },
] as const;

/** The number behind a name, in a file of lines `name number`. */
async function numberIn(file: string, name: string): Promise<number> {
  const line = (await readFile(file, 'utf8'))
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

async function read(folder: string, version: (typeof VERSIONS)[number]): Promise<MemoryUse> {
  return {
    limitBytes: Number(await readFile(join(folder, version.limit), 'utf8')),
    peakBytes: Number(await readFile(join(folder, version.peak), 'utf8')),
    anonymousBytes: await numberIn(join(folder, 'memory.stat'), version.anonymous),
    oomKills: await numberIn(join(folder, version.events), 'oom_kill'),
  };
}

/** The folder called `name` somewhere below. Others come and go meanwhile, with the containers of other pods. */
async function folderNamed(name: string, below: string): Promise<string | undefined> {
  const entries = await readdir(below, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(below, entry.name));
  const found = folders.find((folder) => basename(folder) === name);
  if (found !== undefined) {
    return found;
  }
  for (const folder of folders) {
    const deeper = await folderNamed(name, folder);
    if (deeper !== undefined) {
      return deeper;
    }
  }
  return undefined;
}

/** How the memory of a running container is read: finding it is the slow part. */
async function reader(
  namespace: TestNamespace,
  pod: string,
  container: string,
): Promise<() => Promise<MemoryUse>> {
  const statuses = ['initContainerStatuses', 'containerStatuses'].map(
    (list) => `{.status.${list}[?(@.name=="${container}")].containerID}`,
  );
  const id = (await namespace.kubectl(['get', 'pod', pod, `--output=jsonpath=${statuses.join('')}`]))
    .split('//')
    .at(-1);
  for (const version of VERSIONS) {
    const folder = id && (await folderNamed(id, join(version.root, basename(clusterFolder()))));
    if (folder) {
      return async () => read(folder, version);
    }
  }
  throw new Error(`container ${container} of pod ${pod} does not run`);
}

/** Memory of a running container, as the kernel counts it against the container's limit. */
export async function memoryUse(
  namespace: TestNamespace,
  pod: string,
  container: string,
): Promise<MemoryUse> {
  return (await reader(namespace, pod, container))();
}

export interface MemoryWatch {
  /** The highest figures that were seen. */
  stop(): Promise<MemoryUse>;
}

/** Looks at the memory of a container again and again; while it does not run, nothing is counted. */
export function watchMemory(namespace: TestNamespace, pod: string, container: string): MemoryWatch {
  const over = new AbortController();
  const highest = { limitBytes: 0, peakBytes: 0, anonymousBytes: 0, oomKills: 0 };
  let readNow: (() => Promise<MemoryUse>) | undefined;
  const sample = async () => {
    try {
      readNow ??= await reader(namespace, pod, container);
      const now = await readNow();
      for (const [name, value] of Object.entries(now) as [keyof MemoryUse, number][]) {
        highest[name] = Math.max(highest[name], value);
      }
    } catch {
      // Not started yet, or started again.
      readNow = undefined;
    }
  };
  const watching = (async () => {
    while (!over.signal.aborted) {
      await sample();
      await delay(SAMPLE_MS);
    }
    await sample();
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return highest;
    },
  };
}
