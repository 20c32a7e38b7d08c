/** What every engine has to do, for the tests of each. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareTree } from '../manifest/compare.ts';
import { scanVolume } from '../manifest/scan.ts';
import type { BackupRequest, Engine, EngineContext, RestoredTree, Snapshot } from '../model.ts';

export const work = { signal: new AbortController().signal };

/** A context whose directory is below this one. */
export function testContext(
  directory: string,
  name = 'data',
): EngineContext & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const workDir = join(directory, 'work');
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  return {
    name,
    workDir,
    env: process.env,
    secret: () => {},
    warn: (message) => warnings.push(message),
    now: () => Date.now(),
    warnings,
  };
}

export interface Backed {
  readonly snapshot: Snapshot;
  readonly files: number;
  readonly digest: string;
  readonly manifest: string;
}

let clock = 1_700_000_000_000;

/** Scans and stores a volume. */
export async function backUp(
  engine: Engine,
  volume: string,
  directory: string,
  options: Partial<BackupRequest> = {},
): Promise<Backed> {
  clock += 60_000;
  const manifest = join(directory, `manifest-${clock}`);
  const { digest, files } = await scanVolume(volume, manifest, { ...work, exclude: [] });
  const request = { volume, manifest, exclude: [], mounts: [], now: clock, isPartial: false, ...options };
  const { snapshot } = await engine.backup(request, work);
  return { snapshot, files, digest, manifest };
}

/** The newest snapshot, as `state` lists it. */
export async function newest(engine: Engine): Promise<Snapshot> {
  const state = await engine.state(work.signal);
  const [first] = state.kind === 'HAS' ? state.snapshots : [];
  if (first === undefined) {
    throw new Error(`no snapshot: ${JSON.stringify(state)}`);
  }
  return first;
}

/** Restores a snapshot to an empty or half-filled directory. */
export async function restore(engine: Engine, snapshot: Snapshot, target: string): Promise<RestoredTree> {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  return await engine.restoreTo(snapshot, target, work);
}

/** What is not as its manifest says, in our own words. */
export const differences = async ({ root, manifest }: RestoredTree): Promise<readonly string[]> => {
  const result = await compareTree(root, manifest ?? '', { ...work, share: 1 });
  return [...result.examples, ...(result.owners === 0 ? [] : [`${result.owners} owners`])];
};

/** Whether there is another tool that can judge. */
export const hasRsync = spawnSync('rsync', ['--version']).error === undefined;

/**
 * What rsync would have to do to make the second tree the first: its itemised changes, by checksum, with owners, hard links,
 * links and modes. Times are compared to the microsecond, which is what Node can set.
 */
export function rsyncDifferences(original: string, copy: string): string[] {
  const args = ['-aHAXnci', '--delete', '--exclude=/.pillion', '--no-specials', '--no-devices'];
  const result = spawnSync('rsync', [...args, `${original}/`, `${copy}/`], { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`rsync: ${result.stderr}`);
  }
  return result.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('skipping non-regular'));
}
