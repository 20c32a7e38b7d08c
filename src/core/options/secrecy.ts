/** What of an option's value is secret. The only declaration is `secret` in its row; everything else follows from here. */
import { REDACTED } from '../log/secrets.ts';
import type { Option, Options } from './option.ts';
import {
  decodePart,
  type FoundSecret,
  querySecrets,
  redactQuery,
  redactUrls,
  urlSecrets,
} from './url-secrets.ts';

/** How to find the secrets in a spelled value, and how to show the value without them. */
export interface SecretParts {
  find(text: string): readonly FoundSecret[];
  show(text: string): string;
}

/**
 * - `true`: the whole value.
 * - `'url'`: user info and query values of an address.
 * - `'capability-url'`: anyone who knows the address may use it (a webhook, a ping): all but its origin.
 * - parts of their own, for values that hold secrets among other things; their parser must not quote the value.
 */
export type Secrecy = true | 'url' | 'capability-url' | SecretParts;

const WHOLE: SecretParts = { find: (text) => [{ value: text }], show: () => REDACTED };

const ADDRESS: SecretParts = {
  find: (text) => [...urlSecrets(text), ...querySecrets(text)],
  show: (text) => redactQuery(redactUrls(text, REDACTED), REDACTED),
};

/** Of an address that anyone who knows it may use. */
export const CAPABILITY_URL: SecretParts = {
  find(text) {
    const path = URL.canParse(text) ? new URL(text).pathname : '/';
    const words = path.split('/').filter((word) => word !== '');
    const found = [...words, ...words.map(decodePart)].map(asWord);
    return [...ADDRESS.find(text), ...(words.length > 0 ? [{ value: path }] : []), ...found];
  },
  show(text) {
    const origin = /^[a-z]+:\/\/[^/?#]*\/?/i.exec(redactUrls(text, REDACTED))?.[0];
    const isBare = origin === undefined || origin.length >= redactUrls(text, REDACTED).length;
    return isBare ? redactUrls(text, REDACTED) : `${origin}${REDACTED}`;
  },
};

/** Any value may hold an address with a password, where one was put by mistake. */
const OPEN: SecretParts = { find: urlSecrets, show: (text) => redactUrls(text, REDACTED) };

/** A segment of a path is a token or a word: only a long one is looked for everywhere. */
function asWord(value: string): FoundSecret {
  return value.length >= 16 ? { value } : { value, isWord: true };
}

/** The secret parts of an option's values. */
export function secretParts({ secret }: Option<unknown>): SecretParts {
  switch (secret) {
    case undefined:
      return OPEN;
    case true:
      return WHOLE;
    case 'url':
      return ADDRESS;
    case 'capability-url':
      return CAPABILITY_URL;
    default:
      return secret;
  }
}

/** The environment variables that may hold a secret: those of every option with one. */
export function secretVariables(...tables: readonly Options[]): ReadonlySet<string> {
  const secret = tables.flatMap((table) => Object.values(table)).filter((row) => row.secret !== undefined);
  return new Set(secret.flatMap((row) => row.env ?? []));
}

/** An environment without some variables, and without those that are not set. */
export function withoutVariables(
  env: Readonly<Record<string, string | undefined>>,
  names: ReadonlySet<string>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !names.has(name)) {
      kept[name] = value;
    }
  }
  return kept;
}
