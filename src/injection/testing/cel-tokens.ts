/** CEL as a stranger reads it: the lexer of the language definition, as far as generated expressions go. */

export interface Token {
  readonly kind: 'string' | 'number' | 'name' | 'sign';
  /** Of a string its value. */
  readonly text: string;
}

const SPACE = /[ \t\r\n\f]+/y;
const NAME = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const NUMBER = /[0-9]+(?:\.[0-9]+)?/y;
const SIGN = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;
const STRING = /"((?:[^"\\\r\n]|\\.)*)"/y;
const ESCAPE =
  /\\(?:(["'`\\?abfnrtv])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2})|(.|$))/g;
const NAMED: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(body: string): string {
  return body.replaceAll(
    ESCAPE,
    (_, named?: string, short?: string, long?: string, byte?: string, octal?: string) => {
      if (named !== undefined) {
        return NAMED[named] ?? named;
      }
      const digits = short ?? long ?? byte;
      if (digits === undefined && octal === undefined) {
        throw new Error(`no escape of CEL in ${JSON.stringify(body)}`);
      }
      return String.fromCodePoint(
        octal === undefined ? Number.parseInt(digits ?? '', 16) : Number.parseInt(octal, 8),
      );
    },
  );
}

/** @throws Error for what is no token */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const space = next(SPACE);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const string = next(STRING);
    const number = next(NUMBER);
    const name = next(NAME);
    const match = string ?? number ?? name ?? next(SIGN);
    if (match === null) {
      throw new Error(`no token of CEL at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    }
    const kind = string ? 'string' : number ? 'number' : name ? 'name' : 'sign';
    found.push({ kind, text: string ? unescaped(string[1] ?? '') : match[0] });
    at += match[0].length;
  }
  return found;
}
