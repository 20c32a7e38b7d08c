/** The startup line's account of what the user set. */
import type { Option, Options } from '../../../core/options/option.ts';
import type { Reading } from '../../../core/options/read-options.ts';
import { type Redactor } from '../../../core/options/redactor.ts';
import type { GitSyncSettings } from '../../settings.ts';
import { v4Options } from './options.ts';

/** From this verbosity on, options that were not set are shown as well; from the second, the empty ones too. */
const ALL_FROM = 4;
const EMPTY_FROM = 6;

const options: Options = v4Options;
const isHidden = (declared: Option<unknown>) => declared.hidden === true || declared.deprecated !== undefined;

/** Flags and variables that were set, by name; every secret replaced. */
export function v4Shown(reading: Reading, verbosity: number, redactor: Redactor): GitSyncSettings['shown'] {
  const shown: Record<string, string> = {};
  for (const use of reading.uses) {
    const declared = options[use.key];
    if (declared && !isHidden(declared)) {
      const name = `--${declared.flag}`;
      const value = redactor.showValue(declared, use.value);
      const repeated = declared.type.repeats && shown[name] !== undefined;
      shown[name] = repeated ? `${shown[name]},${value}` : value;
    }
  }
  for (const [key, { name, texts }] of reading.variables) {
    const declared = options[key];
    if (declared) {
      shown[`$${name}`] = redactor.showValue(declared, texts[0] ?? '');
    }
  }
  if (verbosity >= ALL_FROM) {
    addDefaults(shown, givenKeys(reading), verbosity);
  }
  return shown;
}

/** The options that were given, on the command line or in the environment. */
export function givenKeys({ uses, variables }: Reading): ReadonlySet<string> {
  return new Set([...uses.map(({ key }) => key), ...variables.keys()]);
}

function addDefaults(shown: Record<string, string>, given: ReadonlySet<string>, verbosity: number): void {
  for (const [key, declared] of Object.entries(options)) {
    if (given.has(key) || isHidden(declared) || declared.envOnly) {
      continue;
    }
    const text = declared.type.format(declared.default);
    if (text !== '' || verbosity >= EMPTY_FROM) {
      shown[`--${declared.flag}`] = text;
    }
  }
}
