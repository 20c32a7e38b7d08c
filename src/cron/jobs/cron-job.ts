import type { ExpressionRules } from '../../scheduler/grammar/expression.ts';
import type { Schedule } from '../../scheduler/model.ts';
import type { Command } from '../../scheduler/runs/command.ts';
import type { Finding } from './findings.ts';
import type { JobOptions } from './job-options.ts';
import type { Surroundings } from './user-column.ts';

/** How files are read where crons differ; the defaults of each dialect are in `dialects.ts`. */
export interface CrontabRules {
  readonly sixth: ExpressionRules['sixth'];
  readonly dayRule: ExpressionRules['dayRule'];
  /** Whether `NAME=value` holds for the lines below it, or for the whole file with the last one winning. */
  readonly envScope: 'following' | 'file';
  /** What RANDOM_DELAY is: cronie's delay in minutes, or a variable like any other. */
  readonly randomDelay: 'jitter' | 'variable';
  /** `%` ends the line and begins stdin. */
  readonly percent: boolean;
  /** A user column stands before the command. */
  readonly system: boolean;
  /** Names of the user this runs as, for that column. */
  readonly ownNames: readonly string[];
  /** For notes on what may be a user column; undefined where nobody reads notes. */
  readonly surroundings?: Surroundings | undefined;
  /** Options of jobs that do not say otherwise. */
  readonly defaults: JobOptions;
  /** Spreads `H`, `~` and jitter. */
  readonly podName: string;
}

/** A job as its file says it. */
export interface CronJob {
  /** Unique in its file; the label of metrics and logs, never the command line. */
  readonly name: string;
  /** Whether the file gives it that name. */
  readonly named: boolean;
  /** Where it is written, from 1. */
  readonly line: number;
  readonly column: number;
  /** Its number in the file, from 0. */
  readonly position: number;
  readonly schedule: Schedule;
  readonly scheduleText: string;
  readonly command: Command;
  /** Added to the environment of the scheduler. */
  readonly env: Readonly<Record<string, string>>;
  /** undefined: the directory of the scheduler. */
  readonly cwd?: string | undefined;
  /** A known name; undefined: the zone of the scheduler. */
  readonly zone: string | undefined;
  readonly options: JobOptions;
}

/** A file, read: with any error the jobs are not to be used. */
export interface ParsedJobs {
  readonly jobs: readonly CronJob[];
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Shown by `cron test` only. */
  readonly notes: readonly Finding[];
}
