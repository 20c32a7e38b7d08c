/**
 * Vixie cron's `%`: the first one that has no backslash ends the command, the others are line ends of what the
 * command reads. `\%` is a percent sign.
 */
export function splitPercent(text: string): { line: string; stdin: string | undefined } {
  const parts: string[] = [];
  let part = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text.startsWith('\\%', index)) {
      part += '%';
      index += 1;
    } else if (text[index] === '%') {
      parts.push(part);
      part = '';
    } else {
      part += text.charAt(index);
    }
  }
  parts.push(part);
  const [line = '', ...input] = parts;
  return { line, stdin: input.length === 0 ? undefined : `${input.join('\n')}\n` };
}
