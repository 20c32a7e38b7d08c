/** Advice names options as v4 spells them; for v3 it is translated. */
import { flagLookup } from '../../core/options/lookup.ts';
import type { Dialect } from '../sync/spec.ts';
import { v3Options } from './v3/options.ts';

/** What v3 has under other names. */
const IN_V3: Readonly<Record<string, string>> = {
  ref: '-branch and -rev',
  link: '-dest',
  'sync-timeout': '-timeout',
};

const lookup = flagLookup(v3Options);

/** A hint in the words of the dialect. */
export function adviceIn(dialect: Dialect, hint: string): string {
  if (dialect === 'v4') {
    return hint;
  }
  return hint.replaceAll(/(?<![\w-])--([a-z][a-z-]*)/g, (given, name: string) => {
    return IN_V3[name] ?? (lookup.long(name) === undefined ? given : `-${name}`);
  });
}
