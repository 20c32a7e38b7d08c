import { PillionError } from '../core/errors.ts';
import { readTextIfExists } from '../core/files.ts';
import { parseCrontab } from '../scheduler/grammar/crontab.ts';
import { crontabError } from '../scheduler/grammar/grammar-error.ts';
import type { JobSpec, ParsedTable, TableRules } from '../scheduler/grammar/job-spec.ts';
import { checkTable } from '../scheduler/grammar/never-due.ts';
import { findZone, type Zone } from '../scheduler/time/zone.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;

export interface LoadContext {
  readonly rules: TableRules;
  readonly defaultZone: Zone;
  /** Jobs that never fire are warnings. */
  readonly lenient: boolean;
  readonly now: number;
}

export interface LoadedTable extends ParsedTable {
  /** The text it was read from, to tell a change from a touch. */
  readonly text: string;
}

/**
 * Reads and checks a file: YAML by its name (`.yaml`, `.yml`), a crontab otherwise.
 * @throws PillionError `bad_crontab` with every finding, `read_failed`, `crontab_missing`
 */
export async function loadTable(path: string, context: LoadContext): Promise<LoadedTable> {
  const text = await readTextIfExists(path, MAX_FILE_BYTES);
  if (text === undefined) {
    throw new PillionError({
      code: 'crontab_missing',
      message: `cannot read ${path}: there is no such file`,
      hint: 'mount or copy the crontab there',
      retryable: true,
    });
  }
  const parsed = await parseTable(text, path, context.rules);
  const zoneOf = (job: JobSpec) => zoneOfJob(job, context.defaultZone);
  const table = checkTable(parsed, path, zoneOf, context.now, context.lenient);
  if (table.errors.length > 0) {
    throw crontabError(table.errors.toSorted((a, b) => a.line - b.line || a.column - b.column));
  }
  return { ...table, text };
}

export function zoneOfJob(job: JobSpec, defaultZone: Zone): Zone {
  return (job.zone === undefined ? undefined : findZone(job.zone)) ?? defaultZone;
}

async function parseTable(text: string, path: string, rules: TableRules): Promise<ParsedTable> {
  if (/\.ya?ml$/i.test(path)) {
    const { parseYamlJobs } = await import('../scheduler/grammar/yaml-jobs.ts');
    return parseYamlJobs(text, path, rules);
  }
  return parseCrontab(text, path, rules);
}
