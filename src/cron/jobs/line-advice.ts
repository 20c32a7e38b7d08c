import { shown } from '../../scheduler/grammar/field-values.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { findLookalike, findOddBlank } from './visible.ts';

/** A schedule is never longer. */
const MAX_READ = 200;

/**
 * What is wrong with a line that could not be read, where that is easier to see in the line as a whole than in one of
 * its fields.
 * @param text the line without its indentation
 */
export function adviseOnLine(error: GrammarError, text: string, indent: number): GrammarError {
  const start = text.slice(0, MAX_READ);
  if (/^["'\u2018-\u201f\u00ab]/.test(start)) {
    const message = 'the schedule is in quotes';
    return new GrammarError(message, indent, 'a crontab has none around its schedule: leave them out');
  }
  const [, builtin] = /^(export|set|setenv|env|declare|local)[ \t]+[A-Za-z_]\w*=/.exec(start) ?? [];
  if (builtin !== undefined) {
    const hint = 'NAME=value alone is passed to the jobs';
    return new GrammarError(`a crontab has no ${builtin}`, indent, hint);
  }
  const at = error.offset - indent;
  const word = wordAround(start, at);
  const blank = findOddBlank(word.text);
  if (blank !== undefined) {
    const hint = 'replace it by a blank';
    return new GrammarError(`${blank.name} is no blank`, indent + word.offset + blank.offset, hint);
  }
  const sign = findLookalike(word.text);
  if (sign !== undefined) {
    const hint = `write ${sign.meant}`;
    return new GrammarError(`${sign.name} is no ${sign.meant}`, indent + word.offset + sign.offset, hint);
  }
  return adviseOnFields(error, start, word);
}

const GLUED = /^(?:\*|\*\/\d+)(?=[A-Za-z/.~])/;
const NO_WEEKDAY = /^(?!mon|tue|wed|thu|fri|sat|sun)[a-z/.][^,#]*$/i;
const NUMBER_OR_STAR = /^[\d*?]/;

/** What became of a blank or a whole field that is not there: the command stands where a field is read. */
function adviseOnFields(
  error: GrammarError,
  start: string,
  word: { readonly text: string; readonly offset: number },
): GrammarError {
  const [field] = GLUED.exec(word.text) ?? [];
  if (field !== undefined && !/^\*\/\d*$/.test(word.text)) {
    const hint = `put a blank behind ${field}, where the command begins`;
    return new GrammarError(error.message, error.offset, hint);
  }
  const before = start
    .slice(0, Math.max(0, word.offset))
    .trim()
    .split(/[ \t]+/);
  const isCommand = before.length === 4 && before.every((each) => NUMBER_OR_STAR.test(each));
  return isCommand && !error.hint.startsWith('did you mean') && NO_WEEKDAY.test(word.text)
    ? new GrammarError(
        `"${shown(word.text)}" stands in the place of the day of week`,
        error.offset,
        'if it is the command, a field is missing in front of it: minute hour day month weekday',
      )
    : error;
}

/** The word, between blanks and tabs, that an offset lies in. */
function wordAround(text: string, offset: number): { text: string; offset: number } {
  const middle = Math.max(0, offset);
  const before = text.slice(0, middle);
  const start = Math.max(before.lastIndexOf(' '), before.lastIndexOf('\t')) + 1;
  const after = /^[^ \t]*/.exec(text.slice(middle))?.[0] ?? '';
  return { text: before.slice(start) + after, offset: middle - (before.length - start) };
}
