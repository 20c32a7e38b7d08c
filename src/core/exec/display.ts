const MAX_COMMAND_CHARACTERS = 400;
const MAX_LINE_CHARACTERS = 400;
const PLAIN_ARGUMENT = /^[\w%+,./:=@^~-]+$/;
const CONTROL_CHARACTERS = /\p{Cc}/gu;
const LINE_ENDS = /[\r\n]+/;

/** A command line as a person would type it into a shell, on one line, shortened. */
export function displayCommand(command: string, args: readonly string[]): string {
  return shorten([command, ...args].map(quote).join(' '), MAX_COMMAND_CHARACTERS);
}

/** The last line of a text that is not blank, without control characters, shortened. */
export function lastLine(text: string): string {
  const line = text
    .split(LINE_ENDS)
    .map((candidate) => candidate.replace(CONTROL_CHARACTERS, ' ').trim())
    .findLast((candidate) => candidate !== '');
  return shorten(line ?? '', MAX_LINE_CHARACTERS);
}

function quote(argument: string): string {
  if (PLAIN_ARGUMENT.test(argument)) {
    return argument;
  }
  const visible = argument.replace(CONTROL_CHARACTERS, escapeCharacter);
  return visible === argument
    ? `'${argument.replaceAll("'", "'\\''")}'`
    : `$'${argument.replaceAll(/[\\']/g, '\\$&').replace(CONTROL_CHARACTERS, escapeCharacter)}'`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The beginning of a text, with an ellipsis where more follows. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}
