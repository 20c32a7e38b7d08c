/** `NAME=value` of a crontab. */
export interface EnvLine {
  readonly name: string;
  readonly value: string;
}

const ENV_LINE = /^(?:"([^"]*)"|'([^']*)'|([^\s="']+))[ \t]*=[ \t]*(.*)$/s;

/**
 * Reads an environment line, or returns undefined when the line is none: a name without blanks and `=`. Matching
 * quotes around name or value go away; there are no escapes. An empty value is a value.
 */
export function parseEnvLine(line: string): EnvLine | undefined {
  const match = ENV_LINE.exec(line);
  const name = match?.[1] ?? match?.[2] ?? match?.[3];
  if (match === null || name === undefined || !/^[A-Za-z_]/.test(name) || name.includes('\0')) {
    return undefined;
  }
  return { name, value: unquote((match[4] ?? '').trimEnd()) };
}

function unquote(value: string): string {
  const quote = value.charAt(0);
  const quoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return quoted ? value.slice(1, -1) : value;
}
