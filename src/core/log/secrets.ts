import { createFormIndex, type Form, type FormIndex } from './redact.ts';
import { secretForms } from './secret-forms.ts';

export { REDACTED } from './redact.ts';

/** A value this short (in characters) is an ordinary part of words and numbers: redacted only where a value stands. */
const SHORT = 3;
/** How many values of a rotating secret stay redacted: the one in use and the one before. */
const ROTATING_KEPT = 2;

/** What must never be printed. One per process; a secret is added before anything else is done with it. */
export interface Secrets {
  /** Declares a secret for the life of the process. Empty and blank values are ignored. */
  add(value: string): void;
  /** Declares what may be a secret or an ordinary word (the user part of a URL): redacted only where a value stands. */
  addWord(word: string): void;
  /**
   * Declares the present value of a secret that is replaced now and then (a token). The value before stays redacted,
   * older ones are forgotten, so that a process that runs for a year does not search for a year of dead tokens.
   */
  addRotating(slot: string, value: string): void;
  /**
   * The text with each occurrence of each secret, in any of its encoded forms, replaced by `REDACTED`. Occurrences
   * that overlap become one. A secret of up to 3 characters is replaced only where a value stands (the whole text, in
   * quotes, after `=` or `:`, in the user info of a URL): else the password `no` would tear holes into every sentence.
   * A text that was shortened (`…`) in the middle of a secret does not show its first half either.
   */
  redact(text: string): string;
}

interface Declared {
  readonly value: string;
  readonly isWord: boolean;
}

/** An empty registry of secrets. What it costs to add one is paid at the next `redact`. */
export function createSecrets(): Secrets {
  const fixed = new Map<string, Declared>();
  const rotating = new Map<string, readonly Declared[]>();
  let added: Declared[] = [];
  let index: FormIndex | undefined;

  function upToDate(): FormIndex | undefined {
    const fresh = index === undefined ? [...fixed.values(), ...[...rotating.values()].flat()] : added;
    added = [];
    for (const form of fresh.flatMap(formsOf)) {
      index ??= createFormIndex();
      index.add(form);
    }
    return index;
  }

  function addFixed(declared: Declared): void {
    const known = fixed.get(declared.value);
    if (declared.value.trim() !== '' && (known === undefined || (known.isWord && !declared.isWord))) {
      fixed.set(declared.value, declared);
      added.push(declared);
    }
  }

  return {
    add: (value) => addFixed({ value, isWord: false }),
    addWord: (value) => addFixed({ value, isWord: true }),
    addRotating(slot, value) {
      const values = rotating.get(slot) ?? [];
      if (value.trim() === '' || values.at(-1)?.value === value) {
        return;
      }
      const declared = { value, isWord: false };
      rotating.set(slot, [...values, declared].slice(-ROTATING_KEPT));
      added.push(declared);
      if (values.length === ROTATING_KEPT) {
        index = undefined; // one was forgotten
      }
    },
    redact: (text) => upToDate()?.redact(text) ?? text,
  };
}

function formsOf({ value, isWord }: Declared): Form[] {
  const isShort = isWord || value.trim().length <= SHORT;
  return [...secretForms(value)].map((text) => ({ text, isShort }));
}
