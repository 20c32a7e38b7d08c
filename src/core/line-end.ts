/**
 * A value without its line ends at the end: files, Secrets and variables that were made with `echo` or an editor have
 * them, and no password, token or name is meant to.
 */
export function withoutLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) {
    end -= 1;
  }
  return text.slice(0, end);
}
