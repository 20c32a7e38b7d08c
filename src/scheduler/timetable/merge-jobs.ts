import type { JobSpec } from '../grammar/job-spec.ts';
import { createJob, type Job, type JobEntry } from '../runs/job.ts';
import { findZone, type Zone } from '../time/zone.ts';
import { dueAfter, type Entry, fingerprint, jitterOf } from './entry.ts';

export interface TableContext {
  readonly defaultZone: Zone;
  readonly podName: string;
}

export interface TableChange {
  readonly entries: readonly JobEntry[];
  readonly retired: readonly Job[];
  readonly added: readonly JobEntry[];
  readonly changed: number;
}

/**
 * The entries of a new table. A job whose line says the same as before keeps its entry: neither its run nor its next
 * start notice the reload. One of the same name with another line keeps its runs and history. The others are retired.
 */
export function nextTable(
  old: readonly JobEntry[],
  specs: readonly JobSpec[],
  now: number,
  context: TableContext,
  formerJobs: readonly Job[] = [],
): TableChange {
  const unused = new Set(old);
  const same = takeSame(unused, specs);
  const added: JobEntry[] = [];
  let changed = 0;
  const entries = specs.map((spec) => {
    const kept = same.get(spec);
    if (kept !== undefined) {
      kept.job.spec = spec;
      return { ...kept, spec };
    }
    const namesake = [...unused].find((entry) => entry.spec.name === spec.name);
    if (namesake !== undefined) {
      unused.delete(namesake);
      namesake.job.spec = spec;
      changed += 1;
      return newEntry(spec, namesake.job, now, context);
    }
    const former = formerJobs.find((job) => job.retired && job.spec.name === spec.name);
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

function takeSame(unused: Set<JobEntry>, specs: readonly JobSpec[]): Map<JobSpec, JobEntry> {
  const byPrint = new Map<string, JobEntry[]>();
  for (const entry of unused) {
    const print = fingerprint(entry.spec);
    byPrint.set(print, [...(byPrint.get(print) ?? []), entry]);
  }
  const same = new Map<JobSpec, JobEntry>();
  for (const spec of specs) {
    const entry = byPrint.get(fingerprint(spec))?.shift();
    if (entry !== undefined) {
      same.set(spec, entry);
      unused.delete(entry);
    }
  }
  return same;
}

function newEntry(spec: JobSpec, job: Job, now: number, context: TableContext): JobEntry {
  const zone = (spec.zone === undefined ? undefined : findZone(spec.zone)) ?? context.defaultZone;
  const anchor = Math.floor(now / 1000) * 1000;
  const entry: Omit<Entry, 'due'> = { spec, zone, anchor, jitterMs: jitterOf(spec, context.podName) };
  return { ...entry, job, due: dueAfter(entry, now) };
}
