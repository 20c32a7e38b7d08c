/**
 * The command-line syntax of Go's standard flag package (git-sync v3, supercronic): one or two dashes are the same,
 * a boolean takes its value only after `=`, parsing stops at the first positional. Messages are Go's.
 */
import type { FlagLookup, FlagUse, ParsedFlags } from './flag-syntax.ts';

/** Cuts a command line the way Go's flag package does; stops at the first error. */
export function parseGoFlags(argv: readonly string[], lookup: FlagLookup): ParsedFlags {
  const uses: FlagUse[] = [];
  let next = 0;
  while (next < argv.length) {
    const argument = argv[next] ?? '';
    if (argument.length < 2 || !argument.startsWith('-')) {
      break;
    }
    next += 1;
    if (argument === '--') {
      break;
    }
    const body = argument.slice(argument.startsWith('--') ? 2 : 1);
    if (body === '' || body.startsWith('-') || body.startsWith('=')) {
      return { uses, positionals: [], error: { message: `bad flag syntax: ${argument}` } };
    }
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    const shape = lookup.long(name) ?? (name.length === 1 ? lookup.short(name) : undefined);
    if (shape === undefined) {
      const message = `flag provided but not defined: -${name}`;
      return { uses, positionals: [], error: { message, unknown: name } };
    }
    let value = equals < 0 ? undefined : body.slice(equals + 1);
    if (value === undefined && shape.boolean) {
      value = 'true';
    }
    if (value === undefined) {
      value = argv[next];
      next += 1;
    }
    if (value === undefined) {
      return { uses, positionals: [], error: { message: `flag needs an argument: -${name}` } };
    }
    uses.push({ key: shape.key, value, spelled: `-${name}` });
  }
  return { uses, positionals: argv.slice(next) };
}
