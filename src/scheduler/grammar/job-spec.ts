import type { Schedule } from '../model.ts';
import type { ExpressionRules } from './expression.ts';
import type { Finding } from './grammar-error.ts';
import type { JobOptions } from './job-options.ts';

/** How files are read where crons differ; the defaults of each dialect are in `dialects.ts`. */
export interface TableRules {
  readonly sixth: ExpressionRules['sixth'];
  readonly dayRule: ExpressionRules['dayRule'];
  /** Whether `NAME=value` holds for the lines below it, or for the whole file with the last one winning. */
  readonly envScope: 'following' | 'file';
  /** `%` ends the line and begins stdin. */
  readonly percent: boolean;
  /** A user column stands before the command. */
  readonly system: boolean;
  /** Names of the user this runs as, for that column. */
  readonly ownNames: readonly string[];
  /** Options of jobs that do not say otherwise. */
  readonly defaults: JobOptions;
  /** Spreads `H`, `~` and jitter. */
  readonly podName: string;
}

/** What is started: a line for a shell, or a program with its arguments. */
export type JobCommand =
  | { readonly kind: 'shell'; readonly shell: string; readonly line: string; readonly stdin?: string }
  | { readonly kind: 'program'; readonly argv: readonly string[] };

/** A job as its file says it. */
export interface JobSpec {
  /** Unique in its table; the label of metrics and logs, never the command line. */
  readonly name: string;
  readonly named: boolean;
  /** Where it is written, from 1. */
  readonly line: number;
  readonly column: number;
  /** Its number in the table, from 0. */
  readonly position: number;
  readonly schedule: Schedule;
  readonly scheduleText: string;
  readonly command: JobCommand;
  /** Added to the environment of the scheduler. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** undefined: the zone of the scheduler. */
  readonly zone: string | undefined;
  readonly options: JobOptions;
}

/** A file, read: with any error the jobs are not to be used. */
export interface ParsedTable {
  readonly jobs: readonly JobSpec[];
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Shown by `cron test` only. */
  readonly notes: readonly Finding[];
}

/** The command as text, for fingerprints and `explain`; never for metrics or logs. */
export function commandText(command: JobCommand): string {
  return command.kind === 'shell' ? command.line : command.argv.join(' ');
}

const INTERPRETERS = /^(?:ba|da|k|z|a)?sh$|^(?:python|perl|ruby|node|php)[\d.]*$/;
const WRAPPERS = new Set(['exec', 'nice', 'nohup', 'env', 'command', 'time', 'ionice', 'flock']);

/**
 * A name for a job that has none: the program's own, or that of the script an interpreter is given. Arguments and
 * assignments may hold secrets and never become part of it.
 */
export function derivedName(command: JobCommand): string {
  const start = command.kind === 'shell' ? command.line.slice(0, 4096) : command.argv.slice(0, 4).join(' ');
  const words = start.split(/\s+/).filter((word) => word !== '' && !/^[A-Za-z_]\w*=/.test(word));
  const [first = 'job', second] = words.filter((word) => !WRAPPERS.has(word));
  const script = INTERPRETERS.test(baseName(first)) && second !== undefined && /^[\w./-]*[/.]/.test(second);
  const name = baseName(script && !second.startsWith('-') ? second : first);
  return name.replaceAll(/[^\w.-]+/g, '').slice(0, 40) || 'job';
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** Gives every job a name of its own: `curl`, `curl-2`, `curl-3`. Doubles among given names are errors elsewhere. */
export function uniqueNames(jobs: readonly JobSpec[]): JobSpec[] {
  const taken = new Set(jobs.filter((job) => job.named).map((job) => job.name));
  return jobs.map((job) => {
    if (job.named) {
      return job;
    }
    let name = job.name;
    for (let number = 2; taken.has(name); number += 1) {
      name = `${job.name}-${number}`;
    }
    taken.add(name);
    return { ...job, name };
  });
}
