/** What a volume is. */
import { stat } from 'node:fs/promises';
import { errorMessage, systemErrorCode } from '../../core/errors.ts';
import { readMarker } from '../commit/marker.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Recovered, VolumeState } from '../model.ts';
import { checkVolume, hasChecks, tellLoss, type VolumeChecks } from './checks.ts';
import { holdsNoData, isEmpty } from './empty.ts';

export interface Inspection {
  readonly volume: string;
  /** Name in the repository. */
  readonly name: string;
  /** Names that do not keep a volume from being empty. */
  readonly ignored: readonly string[];
  readonly checks: VolumeChecks;
  /** What the journal said. */
  readonly recovered: Recovered;
}

/** Never throws for what is wrong with the volume: it is then UNREADABLE. */
export async function inspectVolume(inspection: Inspection, signal: AbortSignal): Promise<VolumeState> {
  const { volume, name, ignored, checks, recovered } = inspection;
  try {
    const begun =
      recovered.kind === 'staging' ? ({ kind: 'PARTIAL', snapshot: recovered.snapshot } as const) : undefined;
    if ((await isEmpty(volume, ignored)) || (!tellLoss(checks) && (await isUnknownWithoutData(inspection)))) {
      return begun ?? { kind: 'EMPTY' };
    }
    // A restore that was begun has changed nothing yet. What the volume held is given up for it only as long as it is bad:
    // the check may have been a mistake, and is mended.
    if (begun !== undefined && !hasChecks(checks)) {
      return begun;
    }
    const verdict = await checkVolume(volume, checks, signal);
    if (verdict.kind === 'corrupt') {
      return begun ?? { kind: 'CORRUPT', problems: verdict.problems };
    }
    if (verdict.kind === 'unknown') {
      return { kind: 'UNREADABLE', reason: verdict.reason };
    }
    const marker = await readMarker(volume);
    // What was restored or adopted under another name is as good as anybody's.
    return marker?.volume === name ? { kind: 'HEALTHY', marker } : { kind: 'FOREIGN' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'UNREADABLE', reason: errorMessage(error) };
  }
}

/** Of a volume that is known, directories alone may be what its application needs: a queue that was worked off. */
const isUnknownWithoutData = async ({ volume, ignored }: Inspection): Promise<boolean> =>
  holdsNoData(volume, ignored) && (await readMarker(volume)) === undefined;

/** @throws PillionError `volume_unusable` when there is no such directory */
export async function requireVolume(volume: string): Promise<void> {
  const status = await stat(volume).catch((error: unknown) => {
    const why =
      systemErrorCode(error) === 'ENOENT' ? 'is not there' : `cannot be read: ${errorMessage(error)}`;
    throw BACKUP_ERRORS.volume_unusable({
      message: `${volume} ${why}`,
      hint: 'mount the volume there, or name another with --volume',
    });
  });
  if (!status.isDirectory()) {
    throw BACKUP_ERRORS.volume_unusable({
      message: `${volume} is no directory`,
      hint: '--volume is where the volume is mounted',
    });
  }
}
