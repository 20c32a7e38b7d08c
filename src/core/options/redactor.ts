/** Keeps the secrets in what a user gave out of what is said about it. */

import { withoutLineEnd } from '../line-end.ts';
import type { Secrets } from '../log/secrets.ts';
import { REDACTED } from '../log/secrets.ts';
import type { Option, Options } from './option.ts';
import { secretParts } from './secrecy.ts';
import { type FoundSecret, redactUrls } from './url-secrets.ts';

/** The text of a value as it is read: that of a secret may come out of a file with a line end. */
export function spelledText(declared: Option<unknown>, text: string): string {
  return declared.secret === undefined ? text : withoutLineEnd(text);
}

export interface Redactor {
  /** Registers the secrets in one spelled value of an option. */
  register(declared: Option<unknown>, text: string): void;
  /** A text without any secret that was registered. */
  redact(text: string): string;
  /** The value of an option as it may be shown. */
  showValue(declared: Option<unknown>, text: string): string;
  /** A text that may be a misplaced flag: what follows its `=` is hidden unless it belongs to an open option. */
  showArgument(argument: string): string;
}

/** A flag with its value, as one argument. */
const FLAG_AND_VALUE = /^-+([^=\s-][^=\s]*)=(.+)$/s;

/** Declares what was found in a value, for the life of the process. */
export function addFound(secrets: Secrets, found: readonly FoundSecret[]): void {
  for (const { value, isWord } of found) {
    if (isWord) {
      secrets.addWord(value);
    } else {
      secrets.add(value);
    }
  }
}

/** Passes secrets on as soon as they are seen; `options` tells which flags hold one. */
export function createRedactor(options: Options, secrets: Secrets): Redactor {
  const find = (name: string) => Object.values(options).find((declared) => declared.flag === name);
  const redact = (text: string) => secrets.redact(redactUrls(text, REDACTED));
  return {
    register(declared, text) {
      addFound(secrets, secretParts(declared).find(text));
      // A flag whose value was forgotten takes the next flag for it.
      const [, name = '', value = ''] = FLAG_AND_VALUE.exec(text) ?? [];
      const swallowed = find(name);
      if (swallowed) {
        addFound(secrets, secretParts(swallowed).find(value));
      }
    },
    redact,
    showValue(declared, text) {
      const parts = secretParts(declared);
      return declared.secret === true ? REDACTED : secrets.redact(parts.show(text));
    },
    showArgument(argument) {
      const name = FLAG_AND_VALUE.exec(argument)?.[1];
      const declared = name === undefined ? undefined : find(name);
      const isOpen = name === undefined || (declared !== undefined && declared.secret === undefined);
      return isOpen ? redact(argument) : `${argument.slice(0, argument.indexOf('='))}=${REDACTED}`;
    },
  };
}

/**
 * Why a value cannot be read. The parsers of open values quote them: where any of it is hidden, the reason is left out.
 * Parsers of values with secrets never quote.
 */
export function showReason(declared: Option<unknown>, message: string, text: string, shown: string): string {
  const isQuoted = typeof declared.secret === 'string' || declared.secret === undefined;
  return isQuoted && shown !== text ? `not readable as ${declared.type.name}` : message;
}
