/** CEL as text: literals that mean exactly the value they were made of. */

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string literal; everything beyond printable ASCII is escaped, so that no text can end it. */
export function celString(text: string): string {
  const escaped = Array.from(text, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    if (ESCAPES[letter] !== undefined) {
      return ESCAPES[letter];
    }
    if (code >= 0x20 && code < 0x7f) {
      return letter;
    }
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

/** A list literal of strings. */
export function celStrings(texts: readonly string[]): string {
  return `[${texts.map(celString).join(', ')}]`;
}
