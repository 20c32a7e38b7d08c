/** What the jobs do. One of them at a time: they share a repository, a work directory and the memory of a container. */
import { isPillionError } from '../../core/errors.ts';
import type { Scope } from '../../core/process/run-process.ts';
import type { RunEnd } from '../../scheduler/job-body.ts';
import { BACKUP_ERRORS, STORE_ERRORS } from '../errors.ts';
import { drill } from '../make/drill.ts';
import { type BackupSpec, makeBackup, type Signals } from '../make/make-backup.ts';
import type { Engine, RepositoryState } from '../model.ts';
import type { ProgressKeeper } from '../progress.ts';
import type { ScheduledBodies } from './plan.ts';
import type { BackupView } from './view.ts';

export interface BodiesInit {
  readonly spec: BackupSpec;
  readonly engine: Engine;
  readonly scope: Pick<Scope, 'log' | 'clock'>;
  readonly view: BackupView;
  readonly progress: ProgressKeeper;
  /** Of the repository's data that a check reads. */
  readonly verifyShare: number;
}

export function createBodies(
  init: BodiesInit,
): ScheduledBodies & { readonly backUp: (signals: Signals) => Promise<RunEnd> } {
  const { engine, view, progress, scope, spec } = init;
  const oneByOne = createMutex();
  const exclusive = <T>(body: () => Promise<T>): Promise<T> =>
    oneByOne(async () => {
      try {
        return await body();
      } finally {
        await engine.tidy?.();
      }
    });
  // What the last backup left behind. Each question to a repository of restic takes half a second of computing.
  let known: RepositoryState | undefined;
  const backUp = (signals: Signals) =>
    exclusive(async () => {
      signals.signal.throwIfAborted();
      const { end, repository } = await backUpOnce(init, signals, known);
      known = repository;
      return end;
    });
  const work = (signal: AbortSignal) => ({ signal, onProgress: progress.on });
  const newest = async (signal: AbortSignal) => {
    const state = await engine.state(signal);
    if (state.kind === 'UNKNOWN') {
      throw BACKUP_ERRORS.repository_unknown(state.reason);
    }
    return state.kind === 'HAS' ? state.snapshots[0] : undefined;
  };
  const finish = async (body: () => Promise<RunEnd>): Promise<RunEnd> => {
    try {
      return await exclusive(body);
    } finally {
      progress.clear();
    }
  };
  return {
    backUp,
    backup: ({ signal, deadline }) => backUp({ signal, deadline }),
    verify: ({ signal }) =>
      finish(async () => {
        await newest(signal);
        const problems = await engine.verify(init.verifyShare, work(signal));
        view.verified(problems.length);
        problems
          .slice(0, 10)
          .forEach((problem) => scope.log.error('the repository is damaged', undefined, { problem }));
        const text = `${problems.length} problems in the repository`;
        return { result: problems.length === 0 ? 'success' : 'failure', text };
      }),
    drill: ({ signal }) =>
      finish(async () => {
        const snapshot = await newest(signal);
        if (snapshot === undefined) {
          return { result: 'failure', text: 'there is no snapshot to restore' };
        }
        const { files } = await drill(engine, snapshot, spec.workDir, work(signal));
        view.drilled();
        scope.log.info('the drill has restored a snapshot', { snapshot: snapshot.id, files });
        return { result: 'success', text: `${files} files restored and compared` };
      }),
  };
}

interface Once {
  readonly end: RunEnd;
  /** Undefined when it has to be asked again. */
  readonly repository: RepositoryState | undefined;
}

async function backUpOnce(
  { spec, engine, scope, view, progress }: BodiesInit,
  signals: Signals,
  known: RepositoryState | undefined,
): Promise<Once> {
  const { log, clock } = scope;
  const began = clock.monotonic();
  view.began();
  try {
    const deps = { engine, clock, log, onProgress: progress.on };
    const outcome = await makeBackup(spec, deps, signals, known);
    view.succeeded(outcome, clock.monotonic() - began);
    const { snapshots, ...counts } = outcome;
    log.info('backed up, and read back', { ...counts, snapshot: counts.snapshot.id });
    return {
      end: { result: 'success', text: `snapshot ${counts.snapshot.id}` },
      repository: { kind: 'HAS', snapshots, damaged: [] },
    };
  } catch (error) {
    view.failed(error);
    log.error('there is no new backup', error);
    const retryable = !STORE_ERRORS.backup_refused.matches(error);
    // The line above has the message; the scheduler's adds which run it was.
    const text = isPillionError(error) ? error.code : 'failed';
    return { end: { result: 'failure', text, retryable }, repository: undefined };
  } finally {
    progress.clear();
  }
}

/** Runs one piece of work after the other. */
function createMutex(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
