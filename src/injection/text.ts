/** Words for people: short, on one line, without control characters, whatever was in the value they speak of. */

/** What a denial or a line of `explain` may have at most. */
export const LONGEST_MESSAGE = 200;
/** How much of a foreign value is shown. */
export const LONGEST_VALUE = 40;

/** Anything a terminal, an HTTP header or a log could take for more than a letter. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|[\ud800-\udfff]/gu;

/** A text without control characters or halves of letters. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

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
