/** A configuration file: the options of the process and defaults at its top, and a list of repositories. */
import { isPillionError, usageError } from '../../../core/errors.ts';
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

/** A file has four levels; what is nested by the thousand takes the library a time that grows with the square. */
const DEEPEST = 100;
const MOST_MARKS = 2000;

/** More brackets open at a time, or marks of lists and keys on one line, than any file needs; wherever they stand. */
function isDeep(text: string): boolean {
  let open = 0;
  let marks = 0;
  for (const character of text) {
    if (character === '[' || character === '{') {
      open += 1;
    } else if (character === ']' || character === '}') {
      open = Math.max(0, open - 1);
    } else if (character === '\n') {
      marks = 0;
    } else if (character === '-' || character === '?' || character === ':') {
      marks += 1;
    }
    if (open > DEEPEST || marks > MOST_MARKS) {
      return true;
    }
  }
  return false;
}

async function parsed(text: string, file: string): Promise<ParsedOptionsFile> {
  if (isDeep(text)) {
    throw usageError(
      `${file}: this is nested too deeply`,
      `a file has "${REPOSITORIES}", a list of mappings`,
    );
  }
  try {
    return await parseOptionsFile(text, file);
  } catch (error) {
    // Nested so deeply that the stack is full.
    throw isPillionError(error)
      ? error
      : usageError(
          `${file}: this cannot be read as YAML`,
          `a file has "${REPOSITORIES}", a list of mappings`,
        );
  }
}

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
  const content = await parsed(text, file);
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
