import type { EngineContext, Snapshot, UnknownReason } from '../../model.ts';
import type { ResticSettings } from './access.ts';
import type { ResticRunner } from './run-restic.ts';

/** Seen from every sub-module: how to run it, for whom, and how long an answer may take. */
export interface Restic extends ResticRunner {
  readonly name: string;
  readonly workDir: string;
  readonly settings: ResticSettings;
  readonly warn: EngineContext['warn'];
  /** All snapshot objects, whether they can be read or not. */
  ids(signal: AbortSignal): Promise<readonly string[] | UnknownReason>;
}

/** Reads leave no lock behind, and ask the store itself instead of a cache that may know better. */
export const READ = ['--no-lock', '--no-cache'] as const;

/** Where something of the volume lies in a snapshot. */
export function pathInSnapshot(snapshot: Snapshot, path: string): string {
  const root = snapshot.root ?? '';
  const relative = path.replace(/^\.?\/+/, '');
  return relative === '' ? root : `${root === '/' ? '' : root}/${relative}`;
}
