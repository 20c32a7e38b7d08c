import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { findOddBlank } from './visible.ts';

/** A schedule is never longer. */
const MAX_READ = 200;

/**
 * What is wrong with a line that could not be read, where that is easier to see in the line as a whole than in one of
 * its fields.
 * @param text the line without its indentation
 */
export function adviseOnLine(error: GrammarError, text: string, indent: number): GrammarError {
  const start = text.slice(0, MAX_READ);
  if (/^["']/.test(start)) {
    const message = 'the schedule is in quotes';
    return new GrammarError(message, indent, 'a crontab has none around its schedule: leave them out');
  }
  if (/^export[ \t]+[A-Za-z_]\w*=/.test(start)) {
    return new GrammarError('a crontab has no export', indent, 'NAME=value alone is passed to the jobs');
  }
  const at = error.offset - indent;
  const word = wordAround(start, at);
  const blank = findOddBlank(word.text);
  return blank === undefined
    ? error
    : new GrammarError(
        `${blank.name} is no blank`,
        indent + word.offset + blank.offset,
        'replace it by a blank',
      );
}

/** The word, between blanks and tabs, that an offset lies in. */
function wordAround(text: string, offset: number): { text: string; offset: number } {
  const before = /[^ \t]*$/.exec(text.slice(0, Math.max(0, offset)))?.[0] ?? '';
  const after = /^[^ \t]*/.exec(text.slice(Math.max(0, offset)))?.[0] ?? '';
  return { text: before + after, offset: Math.max(0, offset) - before.length };
}
