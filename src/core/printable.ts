/** Foreign text for a terminal: nothing in it moves the cursor, colours, clears, or turns the direction of what is around it. */

/** Whatever could be taken for more than a letter: control characters, marks without a shape, line ends, halves of letters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;
const UNPRINTABLE_IN_LINES = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;

/** A text on one line, with another character for each that is not to be printed. */
export function printable(text: string, instead = '?'): string {
  return text.replace(UNPRINTABLE, instead);
}

/** The same for a text whose lines and tabs are ours. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE_IN_LINES, '?');
}
