/** A text without the given character at its end. The expression for it, `/x+$/`, is quadratic where it is not at the end. */
export function trimEndOf(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) {
    end -= 1;
  }
  return text.slice(0, end);
}
