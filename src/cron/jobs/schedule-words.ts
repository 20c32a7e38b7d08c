import { splitWords, type Word } from '../../scheduler/grammar/expression.ts';
import { parseField } from '../../scheduler/grammar/field.ts';
import { type FieldKind, WEEKDAY, YEAR } from '../../scheduler/grammar/field-kinds.ts';

/** The words of a line that make its schedule, and where the rest begins. */
export interface ScheduleWords {
  readonly words: readonly Word[];
  /** Offset of the command. */
  readonly rest: number;
  /** The sixth word could be a year as well as the last of six fields that begin with a second. */
  readonly ambiguous: boolean;
  /** The command begins with what looks like one more field: `0 30 2 * * 1 cmd`, `0 0 12 ? * MON-FRI cmd`. */
  readonly leftField: boolean;
  /** A field is `?`, as in crontabs of Quartz. */
  readonly quartz: boolean;
  /** The text of the weekday field; '' for a macro. */
  readonly weekday: string;
}

/** Seven fields and the first word of the command. */
const MOST_WORDS = 8;

/**
 * Finds out how many fields a line has. A sixth word is a field only when it reads as one and a command is left:
 * `0 0 * * * 2025 cmd` has a year, `0 0 * * * 2to3 file` has none.
 */
export function findScheduleWords(line: string, sixth: 'year' | 'second'): ScheduleWords {
  const words = splitWords(line, MOST_WORDS);
  const count = words[0]?.text.startsWith('@') ? macroWords(words) : fieldCount(words, sixth);
  const taken = words.slice(0, count);
  const rest = words[count]?.offset ?? line.length;
  const sixthText = taken[5]?.text ?? '';
  const left = words[count]?.text ?? '';
  const quartz = words.slice(0, 6).some(({ text }) => text === '?');
  return {
    words: taken,
    rest,
    ambiguous: count === 6 && isField(sixthText, WEEKDAY) && isField(sixthText, YEAR),
    leftField: count === 5 && words.length > 6 && looksLikeField(left, quartz) && isField(left, WEEKDAY),
    quartz,
    weekday: count < 5 ? '' : (taken[count === 7 ? 5 : 4]?.text ?? ''),
  };
}

/** A program may be called `sun`, but hardly `mon-fri`. */
function looksLikeField(text: string, quartz: boolean): boolean {
  return quartz || /^[\d*?]|[-,#]/.test(text);
}

function macroWords(words: readonly Word[]): number {
  return words[0]?.text === '@every' ? 2 : 1;
}

function fieldCount(words: readonly Word[], sixth: 'year' | 'second'): number {
  const [, , , , , sixthWord, seventhWord] = words;
  const isSeven = words.length >= 8 && isField(sixthWord?.text, WEEKDAY) && isField(seventhWord?.text, YEAR);
  if (isSeven) {
    return 7;
  }
  const isSix = words.length >= 7 && isField(sixthWord?.text, sixth === 'year' ? YEAR : WEEKDAY);
  return isSix ? 6 : 5;
}

function isField(text: string | undefined, kind: FieldKind): boolean {
  if (text === undefined || text.length > 100) {
    return false;
  }
  try {
    parseField(text, kind, { hashKey: '' });
    return true;
  } catch {
    return false;
  }
}
