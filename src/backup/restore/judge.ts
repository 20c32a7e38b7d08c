/** What the checks say about a snapshot: on its stage, as far as they can be asked there, and else when it is in place. */
import { errorMessage } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { settleCommit } from '../commit/commit.ts';
import { recover } from '../commit/recover.ts';
import { dropStage } from '../commit/stage.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Recovered } from '../model.ts';
import { checkVolume, type VolumeChecks } from '../volume/checks.ts';
import { addRejected } from './rejected.ts';
import type { RestoreEvents } from './restore.ts';

export interface JudgeSpec {
  readonly volume: string;
  readonly checks: VolumeChecks;
}

export interface Judge {
  /** Before anything of the volume is touched. What a command of the user looks at is not known: it waits. */
  readonly onStage: (root: string) => Promise<void>;
  /** Undefined when nothing is left to be asked. */
  readonly inPlace: (() => Promise<void>) | undefined;
}

/**
 * Both throw for a snapshot that must not stay.
 * @throws PillionError `restore_failed` for one that is refused, which is recorded; `restore_refused` when a check came to no answer
 */
export function createJudge(
  { volume, checks }: JudgeSpec,
  snapshotId: string,
  log: Log,
  signal: AbortSignal,
): Judge {
  async function ask(root: string, asked: VolumeChecks): Promise<void> {
    const verdict = await checkVolume(root, asked, signal);
    if (verdict.kind === 'unknown') {
      throw BACKUP_ERRORS.restore_refused({
        message: `snapshot ${snapshotId} cannot be judged: ${verdict.reason}`,
        hint: 'the volume is as it was; see what the check says, it is asked again at the next start',
      });
    }
    if (verdict.kind === 'corrupt') {
      const why = verdict.problems.join('; ');
      // On a full disk it is only found once more at the next start.
      await addRejected(volume, checks, snapshotId, why).catch((error: unknown) =>
        log.warn('it cannot be recorded that a snapshot was refused', { error: errorMessage(error) }),
      );
      throw BACKUP_ERRORS.restore_failed({
        message: `snapshot ${snapshotId} is refused by the checks: ${why}`,
        hint: CHECK_HINT,
      });
    }
  }
  return {
    onStage: (root) => ask(root, { ...checks, sample: 0, commands: [] }),
    inPlace:
      checks.commands.length === 0
        ? undefined
        : () => ask(volume, { ...checks, required: [], minBytes: 0, sample: 0, databases: [] }),
  };
}

export const CHECK_HINT =
  'see whether the check asks for what no snapshot has: the volume is as it was, and a check that is mended judges it at the next start';

/** Finishes what a kill has interrupted, with the word of the checks where that was to come. */
export async function recoverJudged(
  spec: JudgeSpec,
  { log, events }: { readonly log: Log; readonly events: RestoreEvents },
  signal: AbortSignal,
): Promise<Recovered> {
  const { volume } = spec;
  const recovered = await recover(volume);
  if (recovered.kind !== 'unjudged') {
    return recovered;
  }
  const id = recovered.marker.snapshot?.id ?? '';
  try {
    const { marker } = await settleCommit(volume, createJudge(spec, id, log, signal).inPlace);
    return { kind: 'committed', marker };
  } catch (error) {
    signal.throwIfAborted();
    if (!BACKUP_ERRORS.restore_failed.matches(error)) {
      throw error;
    }
    events.fallback(id, errorMessage(error), undefined);
    await dropStage({ volume });
    return { kind: 'nothing' };
  }
}
