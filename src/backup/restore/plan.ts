/** `restore --plan`: what was found, what would be done, and why. Nothing is changed. */
import { recover } from '../commit/recover.ts';
import { decide, needsRepository } from '../decision.ts';
import { inspectVolume, requireVolume } from '../volume/inspect.ts';
import { describeRepository, describeVolume } from './observe.ts';
import type { ReadingEngine } from './reading-engine.ts';
import { hintFor } from './refusal.ts';
import type { RestoreSpec } from './restore.ts';

export interface Plan {
  readonly exitCode: 0 | 1 | 10;
  readonly document: object;
}

const WOULD_CHANGE = 10;

/** Exit code 0: nothing to do, 10: would change the volume, 1: would refuse. */
export async function planRestore(
  spec: RestoreSpec,
  engine: ReadingEngine,
  signal: AbortSignal,
): Promise<Plan> {
  await requireVolume(spec.volume);
  const recovered = await recover(spec.volume, { isReadOnly: true });
  if (recovered.kind === 'committed') {
    const why = 'a restore was interrupted while it was put in place, and would be finished';
    return { exitCode: WOULD_CHANGE, document: { decision: { action: 'restore', why } } };
  }
  const volume = await inspectVolume({ ...spec, recovered }, signal);
  const repository = needsRepository(volume) ? await engine.state(signal) : undefined;
  const decision = decide(volume, repository, spec.policy);
  const exitCode = decision.action === 'refuse' ? 1 : decision.action === 'restore' ? WOULD_CHANGE : 0;
  return {
    exitCode,
    document: {
      volume: { path: spec.volume, name: spec.name, ...describeVolume(volume) },
      repository: repository === undefined ? { state: 'not asked' } : describeRepository(repository),
      decision: decision.action === 'refuse' ? { ...decision, hint: hintFor(volume, repository) } : decision,
    },
  };
}
