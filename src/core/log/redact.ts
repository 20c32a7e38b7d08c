/** Finds many texts in one at once: what a text costs does not depend on how many secrets there are. */
export const REDACTED = 'REDACTED';

/** Where a text was shortened by our own code: what stands before may be the beginning of a secret. */
const CUT = '…';
/** So many characters of a secret may be shown before a cut: they tell nothing. */
const HARMLESS = 3;
/** What a value stands between when it is written by a program: `password=x`, `u:x@host`, `"x"`, `(x)`. */
const BEFORE_VALUE = new Set('=:"\'`@/,;([{<');
const AFTER_VALUE = new Set('"\'`@/,;:)]}>&\\ \t\r\n');
/** How many characters of a text are looked up. */
const KEY_LENGTH = 3;
/** A power of two. */
const TABLE_SIZE = 4096;
const NONE: readonly Form[] = [];

/** A text that must not be shown. */
export interface Form {
  readonly text: string;
  /** So short that it is a part of ordinary words: replaced only where a value stands. */
  readonly isShort: boolean;
}

export interface FormIndex {
  add(form: Form): void;
  /** The text with each occurrence replaced; those that overlap become one. */
  redact(text: string): string;
}

/** An empty index. The hash of its first characters leads to a form: in most places of a text there is none. */
export function createFormIndex(): FormIndex {
  const forms = new Map<number, Form[]>();
  /** Which hashes have forms of three characters and more, and which first characters shorter ones. */
  const isStart = new Uint8Array(TABLE_SIZE);
  const isFirst = new Uint8Array(TABLE_SIZE);

  return {
    add(form) {
      const { text } = form;
      const first = text.charCodeAt(0);
      const isLong = text.length >= KEY_LENGTH;
      const key = isLong ? hash(first, text.charCodeAt(1), text.charCodeAt(2)) : first % TABLE_SIZE;
      (isLong ? isStart : isFirst)[key] = 1;
      const place = isLong ? key : TABLE_SIZE + key;
      const sharing = forms.get(place);
      if (sharing === undefined) {
        forms.set(place, [form]);
      } else {
        sharing.push(form);
      }
    },
    redact(text) {
      let result = '';
      let shown = 0;
      let end = 0;
      let cut = text.indexOf(CUT);
      let first = 0;
      let second = codeAt(text, 0);
      let third = codeAt(text, 1);
      for (let at = 0; at < text.length; at += 1) {
        first = second;
        second = third;
        third = codeAt(text, at + 2);
        const key = hash(first, second, third);
        const other = first % TABLE_SIZE;
        if (isStart[key] === 0 && isFirst[other] === 0) {
          continue;
        }
        cut = cut === -1 || cut >= at ? cut : text.indexOf(CUT, at);
        const long = longest(forms.get(key), text, at, cut);
        const length =
          isFirst[other] === 0 ? long : Math.max(long, longest(forms.get(TABLE_SIZE + other), text, at, cut));
        if (length > 0) {
          result += at < end ? '' : text.slice(shown, at) + REDACTED;
          end = Math.max(end, at + length);
          shown = end;
        }
      }
      return shown === 0 ? text : result + text.slice(shown);
    },
  };
}

/** 0 beyond the end, where charCodeAt is NaN and would turn the arithmetic of every place into floating point. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

function hash(first: number, second: number, third: number): number {
  return (Math.imul(first, 961) + Math.imul(second, 31) + third) & (TABLE_SIZE - 1);
}

/** How many characters at this place belong to one of the forms; 0 for none. `cut` is the next cut, -1 for none. */
function longest(candidates: readonly Form[] | undefined, text: string, at: number, cut: number): number {
  let length = 0;
  for (const form of candidates ?? NONE) {
    const { text: secret } = form;
    if (cut !== -1 && cut < at + secret.length) {
      length = isCutOff(secret, text, at, cut) ? Math.max(length, cut - at) : length;
    }
    if (
      secret.length > length &&
      isAt(secret, text, at) &&
      (!form.isShort || isValue(text, at, secret.length))
    ) {
      length = secret.length;
    }
  }
  return length;
}

/** The last character first: it differs in nearly all places where only the beginning is the same. */
function isAt(secret: string, text: string, at: number): boolean {
  const last = secret.length - 1;
  return text.charCodeAt(at + last) === secret.charCodeAt(last) && text.startsWith(secret, at);
}

/** Whether only the beginning of the secret is there, because the text was shortened in the middle of it. */
function isCutOff(secret: string, text: string, at: number, cut: number): boolean {
  const left = cut - at;
  return (
    left > HARMLESS &&
    text.charCodeAt(cut - 1) === secret.charCodeAt(left - 1) &&
    secret.startsWith(text.slice(at, cut))
  );
}

function isValue(text: string, at: number, length: number): boolean {
  const after = at + length;
  if (at === 0 && after === text.length) {
    return true;
  }
  return (
    BEFORE_VALUE.has(text.charAt(at - 1)) && (after === text.length || AFTER_VALUE.has(text.charAt(after)))
  );
}
