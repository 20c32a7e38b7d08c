import { type ExpressionRules, parseWords, type Word } from '../../scheduler/grammar/expression.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import type { Schedule } from '../../scheduler/model.ts';

/**
 * Reads a schedule. Where that fails and six fields with a second in front would do, the advice is to say so.
 * @param six the first six words, where fewer of them were taken for the schedule
 * @throws GrammarError with the offset the words were given with
 */
export function parseSchedule(
  words: readonly Word[],
  rules: ExpressionRules,
  six: readonly Word[] = words,
): Schedule {
  try {
    return parseWords(words, rules);
  } catch (error) {
    if (error instanceof GrammarError && rules.sixth === 'year' && isSecondsFirst(six, rules)) {
      throw new GrammarError(error.message, error.offset, hintFor(six));
    }
    throw error;
  }
}

function hintFor(words: readonly Word[]): string {
  const hint = 'six fields that begin with a second, as in Quartz: --fields=second';
  const hasNumber = /\d/.test(words[5]?.text ?? '');
  return hasNumber
    ? `${hint}; but Quartz counts weekdays from 1 for Sunday, and here 0 and 7 are Sunday`
    : hint;
}

function isSecondsFirst(words: readonly Word[], rules: ExpressionRules): boolean {
  if (words.length !== 6) {
    return false;
  }
  try {
    parseWords(words, { ...rules, sixth: 'second', onRemark: undefined });
    return true;
  } catch {
    return false;
  }
}
