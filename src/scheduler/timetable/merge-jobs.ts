import type { JobSpec } from '../job-spec.ts';
import { createJob, type Job, type JobEntry } from '../runs/job.ts';
import type { Zone } from '../time/zone.ts';
import { dueAfter, jitterOf } from './entry.ts';

export interface MergeContext {
  readonly defaultZone: Zone;
  readonly podName: string;
}

export interface MergedJobs<S extends JobSpec> {
  readonly entries: readonly JobEntry<S>[];
  readonly retired: readonly Job<S>[];
  readonly added: readonly JobEntry<S>[];
  readonly changed: number;
}

/**
 * The entries of a new list of jobs. A job with the same fingerprint as before keeps its entry: neither its run nor its
 * next start notice the reload. One of the same name with another definition keeps its runs and history. The others are
 * retired.
 */
export function mergeJobs<S extends JobSpec>(
  old: readonly JobEntry<S>[],
  specs: readonly S[],
  now: number,
  context: MergeContext,
  formerJobs: readonly Job<S>[] = [],
): MergedJobs<S> {
  const unused = new Set(old);
  const same = takeSame(unused, specs);
  const namesakes = new Map([...unused].map((entry) => [entry.spec.name, entry]));
  const formers = new Map(formerJobs.filter(({ retired }) => retired).map((job) => [job.spec.name, job]));
  const added: JobEntry<S>[] = [];
  let changed = 0;
  const entries = specs.map((spec) => {
    const kept = same.get(spec);
    if (kept !== undefined) {
      kept.job.spec = spec;
      return { ...kept, spec };
    }
    const namesake = namesakes.get(spec.name);
    if (namesake !== undefined) {
      namesakes.delete(spec.name);
      unused.delete(namesake);
      namesake.job.spec = spec;
      changed += 1;
      return newEntry(spec, namesake.job, now, context);
    }
    const former = formers.get(spec.name);
    if (former !== undefined) {
      // Taken out and put back while it ran: the same job, which must not run twice.
      former.retired = false;
      former.spec = spec;
    }
    const entry = newEntry(spec, former ?? createJob(spec), now, context);
    added.push(entry);
    return entry;
  });
  const retired = [...unused].map(({ job }) => job);
  for (const job of retired) {
    job.retired = true;
  }
  return { entries, retired, added, changed };
}

/** The entries that go on as they are, by their new spec; takes them out of `unused`. */
function takeSame<S extends JobSpec>(unused: Set<JobEntry<S>>, specs: readonly S[]): Map<S, JobEntry<S>> {
  const byFingerprint = new Map<string, JobEntry<S>[]>();
  // From the last to the first, so that the first of several equal jobs is taken first.
  for (const entry of [...unused].reverse()) {
    const equal = byFingerprint.get(entry.spec.fingerprint);
    if (equal === undefined) {
      byFingerprint.set(entry.spec.fingerprint, [entry]);
    } else {
      equal.push(entry);
    }
  }
  const same = new Map<S, JobEntry<S>>();
  for (const spec of specs) {
    const entry = byFingerprint.get(spec.fingerprint)?.pop();
    if (entry !== undefined) {
      same.set(spec, entry);
      unused.delete(entry);
    }
  }
  return same;
}

function newEntry<S extends JobSpec>(spec: S, job: Job<S>, now: number, context: MergeContext): JobEntry<S> {
  const zone = spec.zone ?? context.defaultZone;
  const anchor = Math.floor(now / 1000) * 1000;
  const entry = { spec, zone, anchor, jitterMs: jitterOf(spec, context.podName) };
  return { ...entry, job, due: dueAfter(entry, now) };
}
