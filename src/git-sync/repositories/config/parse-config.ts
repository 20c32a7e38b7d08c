/** A configuration file: the options of the process and defaults at its top, and a list of repositories. */
import { usageError } from '../../../core/errors.ts';
import type { Secrets } from '../../../core/log/secrets.ts';
import { type ParsedOptionsFile, parseOptionsFile } from '../../../core/options/options-file.ts';
import type { Given } from '../../cli/result.ts';
import { v4Settings } from '../../cli/v4/settings.ts';
import { rejectConflicts } from './conflicts.ts';
import { laidOver, readEntry } from './entry.ts';
import { readLayer } from './layer.ts';
import type { ProcessConfig } from './model.ts';
import { ENTRY_OPTIONS, PROCESS_OPTIONS, REPOSITORIES, TOP_OPTIONS } from './tables.ts';

/** Each has its files, its timers and its connection. */
const MOST_REPOSITORIES = 1000;

function entriesIn(content: ParsedOptionsFile, file: string): readonly ParsedOptionsFile[] {
  const place = content.whereIs([REPOSITORIES]);
  const list = content.take(REPOSITORIES);
  if (list.length === 0) {
    throw usageError(
      `${file}: there is no repository`,
      `give "${REPOSITORIES}", a list with a "repo" in each entry`,
    );
  }
  if (list.length > MOST_REPOSITORIES) {
    throw usageError(`${place}: there are ${list.length} repositories`, `at most ${MOST_REPOSITORIES}`);
  }
  return list;
}

/**
 * Reads a configuration.
 * @param secrets knows every secret of it before this resolves
 * @throws PillionError `usage` with file, line and column, what is wrong and what is allowed
 */
export async function parseConfig(
  text: string,
  file: string,
  given: Given,
  secrets: Secrets,
): Promise<ProcessConfig> {
  const content = await parseOptionsFile(text, file);
  const list = entriesIn(content, file);
  const top = readLayer(content, { allowed: TOP_OPTIONS }, secrets);
  const common = laidOver(given.values, top, (key) => given.keys.has(key));
  const tables = { allowed: ENTRY_OPTIONS, elsewhere: PROCESS_OPTIONS };
  const entries = list.map((each) => readEntry(readLayer(each, tables, secrets), top, common, given));
  rejectConflicts(entries);
  return {
    values: common,
    settings: v4Settings(common, new Set([...given.keys, ...top.keys]), given.cwd, given.shown),
    repositories: entries.map(({ name, settings }) => ({ name, settings })),
  };
}
