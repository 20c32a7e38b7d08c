import { secretForms } from './secret-forms.ts';

export const REDACTED = 'REDACTED';

/** A value this short (in characters) is an ordinary part of words and numbers: redacted only where it stands alone. */
const SHORT = 3;
/** How many values of a rotating secret stay redacted: the one in use and the one before. */
const ROTATING_KEPT = 2;
const WORD = /[A-Za-z0-9_]/;

/** What must never be printed. One per process; whoever loads a secret adds it before doing anything else with it. */
export interface Secrets {
  /** Declares a secret for the life of the process. Empty and blank values are ignored. */
  add(value: string): void;
  /**
   * Declares the present value of a secret that is replaced now and then (a token). The value before stays redacted,
   * older ones are forgotten, so that a process that runs for a year does not search for a year of dead tokens.
   */
  addRotating(slot: string, value: string): void;
  /**
   * The text with each occurrence of each secret, in any of its encoded forms, replaced by `REDACTED`. Occurrences
   * that overlap become one. A secret of up to 3 characters is replaced only as a whole word (no letter, digit or
   * underscore beside it): else the password `1` would take the digits out of every number.
   */
  redact(text: string): string;
}

interface Form {
  readonly text: string;
  readonly wholeWord: boolean;
}

/** An empty registry of secrets. */
export function createSecrets(): Secrets {
  const fixed = new Set<string>();
  const rotating = new Map<string, string[]>();
  /** undefined: there are new values; a thousand that come together are searched for in one go. */
  let forms: readonly Form[] | undefined;

  const currentForms = (): readonly Form[] => {
    forms ??= collectForms(new Set([...fixed, ...[...rotating.values()].flat()]));
    return forms;
  };
  return {
    add(value) {
      if (value.trim() !== '' && !fixed.has(value)) {
        fixed.add(value);
        forms = undefined;
      }
    },
    addRotating(slot, value) {
      const values = rotating.get(slot) ?? [];
      if (value.trim() !== '' && values.at(-1) !== value) {
        rotating.set(slot, [...values, value].slice(-ROTATING_KEPT));
        forms = undefined;
      }
    },
    redact: (text) => redactForms(text, currentForms()),
  };
}

function collectForms(values: ReadonlySet<string>): Form[] {
  const forms = new Map<string, boolean>();
  for (const value of values) {
    const wholeWord = value.trim().length <= SHORT;
    for (const form of secretForms(value)) {
      // The same text may be a short secret's form and a long one's: the stricter rule wins.
      forms.set(form, wholeWord && (forms.get(form) ?? true));
    }
  }
  return [...forms].map(([text, wholeWord]) => ({ text, wholeWord }));
}

function redactForms(text: string, forms: readonly Form[]): string {
  let spans: [start: number, end: number][] | undefined;
  for (const form of forms) {
    let at = text.indexOf(form.text);
    while (at !== -1) {
      if (!form.wholeWord || standsAlone(text, at, form.text.length)) {
        spans ??= [];
        spans.push([at, at + form.text.length]);
      }
      at = text.indexOf(form.text, at + 1);
    }
  }
  return spans === undefined ? text : cut(text, spans);
}

function standsAlone(text: string, at: number, length: number): boolean {
  return !WORD.test(text.charAt(at - 1)) && !WORD.test(text.charAt(at + length));
}

function cut(text: string, spans: [start: number, end: number][]): string {
  spans.sort((a, b) => a[0] - b[0]);
  let result = '';
  let from = 0;
  let end = -1;
  for (const span of spans) {
    if (span[0] >= end) {
      result += text.slice(from, span[0]) + REDACTED;
    }
    end = Math.max(end, span[1]);
    from = end;
  }
  return result + text.slice(from);
}
