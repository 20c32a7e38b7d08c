/** Words for people: short, on one line, without control characters, whatever was in the value they speak of. */
import { printable } from '../core/printable.ts';

/** What a denial or a line of `explain` may have at most. */
export const LONGEST_MESSAGE = 200;
/** How much of a foreign value is shown. */
export const LONGEST_VALUE = 40;

/** A foreign value in quotes, cut when it is long. */
export function quoted(value: string): string {
  const head = Array.from(value.slice(0, 2 * LONGEST_VALUE)).slice(0, LONGEST_VALUE);
  const shown = printable(head.join('').replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
  return value.length > head.join('').length ? `"${shown}..."` : `"${shown}"`;
}

/** A whole message, cut to what a person reads and an answer may hold. */
export function sentence(text: string, longest = LONGEST_MESSAGE): string {
  const clean = printable(text);
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 3).trimEnd()}...`;
}

/** Why a text cannot be read as YAML. The library follows nesting, and a node that names itself, until there is no room left. */
export function yamlProblem(failure: unknown): string {
  const message = failure instanceof Error ? failure.message : 'cannot be read';
  return message.includes('call stack') ? 'nested too deeply' : message;
}
