import type { CommandContext } from '../../core/command.ts';
import { readTextIfExists } from '../../core/files.ts';
import { findZone } from '../../scheduler/time/find-zone.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import { CRON_ERRORS } from '../errors.ts';
import type { CronJob, CrontabRules, ParsedJobs } from './cron-job.ts';
import { parseCrontab } from './crontab.ts';
import { crontabError, type Finding } from './findings.ts';
import { findNeverDue } from './never-due.ts';
import { declarePingAddresses, withoutAddresses } from './ping-addresses.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

export interface LoadContext {
  /** Where the addresses of pings are secrets, and what `$NAME` of one is looked up in. */
  readonly process: Pick<CommandContext, 'env' | 'secrets'>;
  readonly rules: CrontabRules;
  readonly defaultZone: Zone;
  /** Jobs that never fire are warnings. */
  readonly lenient: boolean;
  readonly now: number;
}

export interface LoadedJobs extends Omit<ParsedJobs, 'errors'> {
  /** The text they were read from, to tell a change from a touch. */
  readonly text: string;
}

/**
 * Reads and checks a file: YAML by its name (`.yaml`, `.yml`), a crontab otherwise.
 * @throws PillionError `bad_crontab` with every finding, `read_failed`, `crontab_missing`
 */
export async function loadJobs(path: string, context: LoadContext): Promise<LoadedJobs> {
  const text = await readTextIfExists(path, MAX_FILE_BYTES);
  if (text === undefined) {
    throw CRON_ERRORS.crontab_missing({ path });
  }
  const { jobs, errors, warnings, notes } = await parseJobs(text, path, context.rules);
  declarePingAddresses(jobs, context.process);
  const zoneOf = (job: CronJob) => zoneOfJob(job, context.defaultZone);
  const neverDue = findNeverDue(jobs, path, zoneOf, context.now);
  const fatal = context.lenient ? errors : [...errors, ...neverDue];
  if (fatal.length > 0) {
    throw crontabError(fatal.toSorted((a, b) => a.line - b.line || a.column - b.column));
  }
  return { jobs, warnings: [...warnings, ...neverDue], notes, text };
}

export function zoneOfJob(job: CronJob, defaultZone: Zone): Zone {
  return (job.zone === undefined ? undefined : findZone(job.zone)) ?? defaultZone;
}

async function parseJobs(text: string, path: string, rules: CrontabRules): Promise<ParsedJobs> {
  if (/\.ya?ml$/i.test(path)) {
    const { parseYamlJobs } = await import('./yaml-jobs.ts');
    const parsed = parseYamlJobs(text, path, rules);
    // They quote keys and values; those of a crontab do not.
    const hide = (finding: Finding) => ({ ...finding, message: withoutAddresses(finding.message) });
    return { ...parsed, errors: parsed.errors.map(hide), warnings: parsed.warnings.map(hide) };
  }
  return parseCrontab(text, path, rules);
}
