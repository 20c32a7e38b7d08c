/** Which options stand where in a configuration file: all of them at its top, those of one repository in its entry. */
import { type Options, option } from '../../../core/options/option.ts';
import { string } from '../../../core/options/value-types.ts';
import { v4Options } from '../../cli/v4/options.ts';
import { githubOptions, loginOptions } from '../../options/credentials.ts';
import { hookOptions } from '../../options/hooks.ts';
import { processOptions, scheduleOptions, waitOptions } from '../../options/process.ts';
import { repositoriesOptions } from '../../options/repositories.ts';

/** The key of the list. */
export const REPOSITORIES = 'repositories';

/** These ask for something else than a sync, or name the file itself. */
const COMMAND_LINE_ONLY: ReadonlySet<string> = new Set(['help', 'man', 'version', 'config']);

const { errorFile: _ofEachRepository, ...ofTheProcess } = processOptions;

/** What a process has once, however many repositories it syncs. The umask is one of these. */
const PROCESS_KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(ofTheProcess),
  ...Object.keys(repositoriesOptions),
  'oneTime',
  'groupWrite',
]);

function rowsOf(wanted: (key: string) => boolean): Options {
  const open = Object.entries(v4Options as Options).filter(
    ([key, row]) =>
      !row.hidden && !row.envOnly && row.deprecated === undefined && !COMMAND_LINE_ONLY.has(key),
  );
  return Object.fromEntries(open.filter(([key]) => wanted(key)));
}

/** A name is a label, part of a path, and what people type. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$';

const NAME = option({
  flag: 'name',
  type: string,
  default: '',
  defaultText: 'last part of the repository',
  help: "what the log, the metrics and /status call the repository, and the name of its root below the process's",
});

/** What may stand at the top: the options of the process, and what repositories have by default. */
export const TOP_OPTIONS: Options = rowsOf(() => true);
/** What may stand in an entry of the list. */
export const ENTRY_OPTIONS: Options = { name: NAME, ...rowsOf((key) => !PROCESS_KEYS.has(key)) };
/** What may stand at the top alone. */
export const PROCESS_OPTIONS: Options = rowsOf((key) => PROCESS_KEYS.has(key));

/** What entries with the same root may differ in: it says what is published where and when, not what the root holds. */
const DIFFERENT_IN_A_ROOT: ReadonlySet<string> = new Set([
  'name',
  'ref',
  'link',
  'touchFile',
  'errorFile',
  'syncTimeout',
  ...Object.keys({ ...scheduleOptions, ...waitOptions, ...hookOptions, ...loginOptions, ...githubOptions }),
]);

/** The options that entries with the same root must share. */
export const SHARED_IN_A_ROOT: readonly string[] = Object.keys(ENTRY_OPTIONS).filter(
  (key) => !DIFFERENT_IN_A_ROOT.has(key),
);
