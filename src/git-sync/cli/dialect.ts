/** Tells which generation of git-sync a command line was written for. */
import { goQuote } from '../../core/options/go-quote.ts';
import { flagLookup } from '../../core/options/lookup.ts';
import type { Dialect } from '../sync/spec.ts';
import type { ParseInput } from './result.ts';
import { GLOG_NAMES } from './v3/glog.ts';
import { v3Options } from './v3/options.ts';
import { v4Options } from './v4/options.ts';

/** The variable that settles what the command line leaves open. */
export const DIALECT_VARIABLE = 'PILLION_GIT_SYNC_DIALECT';
/** The program name that does. */
const V3_NAME = 'git-sync-v3';

export type DialectChoice = { readonly dialect: Dialect } | { readonly error: string };

const v3Lookup = flagLookup(v3Options);
const v4Lookup = flagLookup(v4Options);

const nameOf = (argument: string) => argument.replace(/^--?/, '').split('=')[0] ?? '';

/** -h and -? in any number, then perhaps -v with its value: all that v4 has with one dash. */
function isV4Short(argument: string): boolean {
  const name = nameOf(argument);
  const isV3Name = name.length > 1 && v3Lookup.long(name) !== undefined;
  return !isV3Name && (/^-[h?]*(v.*)?$/s.test(argument) || /^-[h?]+=/.test(argument));
}

/** Whether the flag's value is the next argument. */
function takesNext(argument: string): boolean {
  if (argument.includes('=')) {
    return false;
  }
  if (!argument.startsWith('--')) {
    return argument.endsWith('v');
  }
  const name = nameOf(argument);
  const shape = v4Lookup.long(name) ?? v3Lookup.long(name);
  return shape !== undefined && !shape.boolean;
}

/** Whether no v4 invocation can look like this: a long name after one dash, or a flag of v3's logging library. */
export function provesV3(argv: readonly string[]): boolean {
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    if (argument === '--') {
      return false;
    }
    if (argument === '-' || !argument.startsWith('-')) {
      continue;
    }
    if (argument.startsWith('--') ? GLOG_NAMES.has(nameOf(argument)) : !isV4Short(argument)) {
      return true;
    }
    if (takesNext(argument)) {
      at += 1;
    }
  }
  return false;
}

/** The syntax of the command line decides; then the variable; then the program's name; then it is v4. */
export function chooseDialect({ argv, env, startedAs }: ParseInput): DialectChoice {
  const asked = env[DIALECT_VARIABLE] ?? '';
  if (asked !== '' && asked !== 'v3' && asked !== 'v4') {
    return { error: `FATAL: invalid env ${DIALECT_VARIABLE}=${goQuote(asked)}: must be v3 or v4` };
  }
  if (provesV3(argv)) {
    return { dialect: 'v3' };
  }
  if (asked !== '') {
    return { dialect: asked };
  }
  return { dialect: startedAs === V3_NAME ? 'v3' : 'v4' };
}
