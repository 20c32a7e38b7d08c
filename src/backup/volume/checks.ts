/** What a volume must pass to count as good. */
import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createBreather } from '../../core/breather.ts';
import { systemErrorCode } from '../../core/errors.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { describeEnd, runCommand } from '../commands/run-command.ts';
import { createExclusion } from '../manifest/exclude.ts';
import { walkTree } from '../manifest/walk.ts';
import { sampleProblems } from './sample.ts';

export interface VolumeChecks {
  /** Paths below the volume. */
  readonly required: readonly string[];
  readonly minBytes: number;
  /** How many files of the last snapshot are compared with it. */
  readonly sample: number;
  /** Commands of ours for databases below the volume: they look at nothing but what lies below where they run. */
  readonly databases: readonly (readonly string[])[];
  /** Of the user, which may name the volume by its path. */
  readonly commands: readonly (readonly string[])[];
  readonly commandTimeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Verdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'corrupt'; readonly problems: readonly string[] }
  /** A check did not come to an answer, which says nothing about the volume. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Whether anything says what a good volume is. */
export const hasChecks = ({ required, minBytes, sample, databases, commands }: VolumeChecks): boolean =>
  sample > 0 || required.length > 0 || minBytes > 0 || databases.length > 0 || commands.length > 0;

/** Whether they tell a volume that was lost: a database that is not there is none that is damaged, nor is there a sample. */
export const tellLoss = ({ required, minBytes, commands }: VolumeChecks): boolean =>
  required.length > 0 || minBytes > 0 || commands.length > 0;

/** Everything that is cheap first; commands run only on a volume that has passed it. */
export async function checkVolume(
  volume: string,
  checks: VolumeChecks,
  signal: AbortSignal,
): Promise<Verdict> {
  const problems: string[] = [];
  for (const path of checks.required) {
    if (!isThere(join(volume, path))) {
      problems.push(`${path} is missing`);
    }
  }
  const bytes = await bytesUpTo(volume, checks.minBytes, signal);
  if (bytes < checks.minBytes) {
    problems.push(`its files have ${bytes} bytes, and must have ${checks.minBytes}`);
  }
  if (problems.length === 0 && checks.sample > 0) {
    problems.push(...(await sampleProblems(volume, checks.sample, signal)));
  }
  if (problems.length > 0) {
    return { kind: 'corrupt', problems };
  }
  const { env, commandTimeoutMs: timeoutMs } = checks;
  for (const argv of [...checks.databases, ...checks.commands]) {
    const end = await runCommand(
      { argv, cwd: volume, timeoutMs, env, extra: { PILLION_VOLUME: volume } },
      signal,
    );
    if (end.kind === 'broken') {
      return { kind: 'unknown', reason: describeEnd('check', end) };
    }
    if (end.kind === 'failed') {
      return { kind: 'corrupt', problems: [describeEnd(`check ${basename(argv[0] ?? '')}`, end)] };
    }
  }
  return { kind: 'good' };
}

/** At once, or not at all: of a call that hangs, `watchVolume` ends the process. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTDIR') {
      return false;
    }
    throw error;
  }
}

/** Bytes in regular files, or the first sum that is enough. */
async function bytesUpTo(volume: string, enough: number, signal: AbortSignal): Promise<number> {
  if (enough === 0) {
    return 0;
  }
  const root = openByteRoot(volume);
  const breathe = createBreather(signal);
  let bytes = 0;
  try {
    for (const { kind, status } of walkTree(root, createExclusion([]))) {
      await breathe();
      bytes += kind === 'file' ? Number(status.size) : 0;
      if (bytes >= enough) {
        break;
      }
    }
    return bytes;
  } finally {
    root.close();
  }
}
