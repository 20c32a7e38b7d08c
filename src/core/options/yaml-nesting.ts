/**
 * A bound on how deep YAML is nested, found out before it is parsed, in a time that grows with its length: the library
 * takes one that grows with the square of the depth, and in the end the stack. Pure.
 */

/** A configuration has a handful of levels. */
const DEEPEST = 100;
/** Marks of lists and keys on one line, wherever they stand. */
const MOST_MARKS = 2000;

const isMark = (character: string | undefined) => character === '-' || character === '?' || character === ':';
const isBlank = (character: string | undefined) =>
  character === undefined ||
  character === ' ' ||
  character === '\t' ||
  character === '\n' ||
  character === '\r';

/** Columns at which something begins that is not over: lists and mappings of lines, however they are indented. */
function createLevels() {
  const columns: number[] = [];
  return {
    /** What begins at a column ends all that began there or further right. */
    enter(column: number): number {
      while ((columns.at(-1) ?? -1) >= column) {
        columns.pop();
      }
      columns.push(column);
      return columns.length;
    },
  };
}

/**
 * Whether more is nested than any configuration needs: by brackets, by indentation, or by marks in a row. It may count
 * what stands in a text or a comment.
 */
export function isNestedTooDeeply(text: string): boolean {
  const levels = createLevels();
  let open = 0;
  let at = 0;
  while (at < text.length) {
    let column = 0;
    while (text[at] === ' ') {
      at += 1;
      column += 1;
    }
    // "- - - x" begins a list at each mark.
    while (isMark(text[at]) && isBlank(text[at + 1]) && text[at + 1] !== '\n') {
      if (levels.enter(column) > DEEPEST) {
        return true;
      }
      do {
        at += 1;
        column += 1;
      } while (text[at] === ' ' || text[at] === '\t');
    }
    if (!isBlank(text[at]) && text[at] !== '#' && levels.enter(column) > DEEPEST) {
      return true;
    }
    let marks = 0;
    for (; at < text.length && text[at] !== '\n'; at += 1) {
      const character = text[at];
      if (character === '[' || character === '{') {
        open += 1;
      } else if (character === ']' || character === '}') {
        open = Math.max(0, open - 1);
      } else if (isMark(character)) {
        marks += 1;
      }
      if (open > DEEPEST || marks > MOST_MARKS) {
        return true;
      }
    }
    at += 1;
  }
  return false;
}
