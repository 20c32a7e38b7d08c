/** What a receiver of `--webhook` is told. */
import { withSignal } from '../../../core/scoped-signal.ts';
import type { Git } from '../../../git/run.ts';
import { diffTree } from '../gates/changed-paths.ts';

export interface DeliveredChange {
  readonly hash: string;
  /** The commit that this receiver was told of last; undefined when nothing is known to have been published before. */
  readonly previous: string | undefined;
}

export interface ChangedPaths {
  readonly paths: readonly string[];
  /** There are more. */
  readonly isTruncated: boolean;
}

export const NO_PATHS: ChangedPaths = { paths: [], isTruncated: false };

const MAX_PATHS = 1000;
const MAX_BYTES = 64 * 1024;
/** A volume may hang. */
const GIT_TIMEOUT_MS = 10_000;

/** Keeps the beginning of a list that NUL ends each item of. */
export function pathCollector(): { push(chunk: Buffer): void; result(): ChangedPaths } {
  const kept: Buffer[] = [];
  let bytes = 0;
  let total = 0;
  return {
    push(chunk) {
      const part = Buffer.from(chunk.subarray(0, Math.max(0, MAX_BYTES - bytes)));
      bytes += part.length;
      total += chunk.length;
      if (part.length > 0) {
        kept.push(part);
      }
    },
    result() {
      // What stands after the last NUL is the beginning of a path that was cut.
      const paths = Buffer.concat(kept).toString('utf8').split('\0').slice(0, -1);
      return { paths: paths.slice(0, MAX_PATHS), isTruncated: total > bytes || paths.length > MAX_PATHS };
    },
  };
}

/** What has changed by two changes in a row; undefined when one of them is not known. */
export function bothChanges(
  first: ChangedPaths | undefined,
  second: ChangedPaths | undefined,
): ChangedPaths | undefined {
  if (first === undefined || second === undefined) {
    return undefined;
  }
  const paths: string[] = [];
  const all = new Set([...first.paths, ...second.paths]);
  let bytes = 0;
  for (const path of all) {
    bytes += Buffer.byteLength(path) + 1;
    if (bytes > MAX_BYTES || paths.length === MAX_PATHS) {
      break;
    }
    paths.push(path);
  }
  return { paths, isTruncated: first.isTruncated || second.isTruncated || paths.length < all.size };
}

/** The paths that differ; undefined when git cannot tell, or not in time. */
export async function listChangedPaths(
  git: Git,
  root: string,
  { hash, previous }: DeliveredChange,
  signal: AbortSignal,
): Promise<ChangedPaths | undefined> {
  if (previous === hash) {
    return NO_PATHS;
  }
  const { push, result } = pathCollector();
  const options = ['-z', '--no-ext-diff'];
  const found = await withSignal(signal, { timeoutMs: GIT_TIMEOUT_MS }, (limited) =>
    diffTree(git, { root, from: previous, to: hash, options }, limited, push),
  ).catch(() => undefined);
  return found === undefined ? undefined : result();
}

export interface BodyInit extends DeliveredChange {
  /** Without its password. */
  readonly repository: string;
  readonly ref: string;
  readonly changed: ChangedPaths | undefined;
}

/** The JSON that is sent. Names and meanings are told in the guide, and only added to. */
export function deliveryBody({ hash, previous, repository, ref, changed }: BodyInit): string {
  return JSON.stringify({
    hash,
    previousHash: previous ?? null,
    ref,
    repository,
    changedPaths: changed?.paths ?? null,
    changedPathsTruncated: changed?.isTruncated ?? false,
  });
}
