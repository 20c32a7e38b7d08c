import { usageError } from '../../core/errors.ts';
import { shorten } from '../../core/exec/display.ts';

/**
 * A command line as words, quoted as in a POSIX shell: blanks separate, '...' keeps everything, "..." keeps all but a
 * backslash before " and \, a backslash keeps the next character. Nothing is expanded.
 * @param where the option, for the message
 * @throws PillionError `usage` for a quote that is not closed, and for no word at all
 */
export function splitWords(line: string, where: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === "'" || character === '"')) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && next !== '' && isEscape(quote, next)) {
      word = (word ?? '') + next;
      at += 1;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) {
    throw usageError(
      `${where}: ${quote} is not closed in ${shorten(JSON.stringify(line), 200)}`,
      'quote as in a shell',
    );
  }
  if (word !== undefined) {
    words.push(word);
  }
  if (words.length === 0) {
    throw usageError(`${where}: there is no command`, 'a program with its arguments');
  }
  return words;
}

function isEscape(quote: string | undefined, next: string): boolean {
  return quote === undefined || (quote === '"' && (next === '"' || next === '\\'));
}
