/**
 * The POSIX/GNU command-line syntax of Go's pflag (1.0.5), which most commands here have: `--name value`, `--name=value`,
 * booleans without a value, bundled short flags, positionals anywhere, `--` ends the flags.
 * Messages are pflag's.
 */
import type { FlagError, FlagLookup, FlagUse, ParsedFlags } from './flag-syntax.ts';

interface Cursor {
  readonly argv: readonly string[];
  next: number;
  readonly uses: FlagUse[];
}

function longFlag(argument: string, cursor: Cursor, lookup: FlagLookup): FlagError | undefined {
  const body = argument.slice(2);
  if (body.startsWith('-') || body.startsWith('=')) {
    return { message: `bad flag syntax: ${argument}` };
  }
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  const shape = lookup.long(name);
  if (shape === undefined) {
    return { message: `unknown flag: --${name}`, unknown: name };
  }
  const spelled = `--${name}`;
  if (equals >= 0) {
    cursor.uses.push({ key: shape.key, value: body.slice(equals + 1), spelled });
  } else if (shape.boolean) {
    cursor.uses.push({ key: shape.key, value: 'true', spelled });
  } else {
    const value = cursor.argv[cursor.next];
    if (value === undefined) {
      return { message: `flag needs an argument: --${name}` };
    }
    cursor.next += 1;
    cursor.uses.push({ key: shape.key, value, spelled });
  }
  return undefined;
}

function shortFlags(argument: string, cursor: Cursor, lookup: FlagLookup): FlagError | undefined {
  let letters = argument.slice(1);
  while (letters !== '') {
    const letter = letters.slice(0, 1);
    const shape = lookup.short(letter);
    if (shape === undefined) {
      return {
        message: `unknown shorthand flag: '${letter}' in -${letters}`,
        unknown: letters.split('=')[0] ?? letter,
      };
    }
    const rest = letters.slice(1);
    const spelled = `-${letter}`;
    if (rest.startsWith('=') && rest.length > 1) {
      cursor.uses.push({ key: shape.key, value: rest.slice(1), spelled });
      return undefined;
    }
    if (shape.boolean) {
      cursor.uses.push({ key: shape.key, value: 'true', spelled });
      letters = rest;
      continue;
    }
    if (rest !== '') {
      cursor.uses.push({ key: shape.key, value: rest, spelled });
      return undefined;
    }
    const value = cursor.argv[cursor.next];
    if (value === undefined) {
      return { message: `flag needs an argument: '${letter}' in -${letters}` };
    }
    cursor.next += 1;
    cursor.uses.push({ key: shape.key, value, spelled });
    return undefined;
  }
  return undefined;
}

/** Cuts a command line the way pflag does; stops at the first error. */
export function parsePflags(argv: readonly string[], lookup: FlagLookup): ParsedFlags {
  const cursor: Cursor = { argv, next: 0, uses: [] };
  const positionals: string[] = [];
  while (cursor.next < argv.length) {
    const argument = argv[cursor.next] ?? '';
    cursor.next += 1;
    if (argument === '--') {
      positionals.push(...argv.slice(cursor.next));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      positionals.push(argument);
      continue;
    }
    const parse = argument.startsWith('--') ? longFlag : shortFlags;
    const error = parse(argument, cursor, lookup);
    if (error) {
      return { uses: cursor.uses, positionals, error };
    }
  }
  return { uses: cursor.uses, positionals };
}
