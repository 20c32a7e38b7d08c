/** Finds the secrets in what a user gave, and keeps them out of what is said about it. */
import { createSecrets, REDACTED } from '../../core/log/secrets.ts';
import type { Option, Options } from '../../core/options/option.ts';
import type { GitConfigPair } from '../../git/settings.ts';
import { parseCredentials } from './credential-json.ts';
import { formatGitConfig, parseGitConfig } from './git-config-grammar.ts';
import { redactUrls, urlSecrets } from './repo-url.ts';

export interface Discretion {
  /** Takes note of the secrets in one spelled value of an option. */
  learn(declared: Option<unknown>, text: string): void;
  /** A text without any secret that was learnt. */
  redact(text: string): string;
  /** A text that may be a misplaced flag: what follows its `=` is hidden unless it belongs to an open option. */
  showArgument(argument: string): string;
}

/** An `Authorization: Basic ...` header also gives away the password inside. */
function headerSecrets(value: string): string[] {
  const token = value.trim().split(/\s+/).at(-1) ?? '';
  const isBasic = /\bbasic\s+\S+$/i.test(value.trim());
  const password = isBasic ? Buffer.from(token, 'base64').toString().split(':').slice(1).join(':') : '';
  return [value, token, password].filter((secret) => secret !== '');
}

const SECRET_KEY = /(extraheader|password|token|secret)$/i;
/** A header under a key that was not quoted ends up in the value with the rest of the key. */
const SECRET_VALUE = /authorization:|bearer |extraheader/i;

/** Configuration that holds secrets by its nature: extra headers, and whatever is called so. */
export function gitConfigSecrets(pairs: readonly GitConfigPair[]): string[] {
  return pairs.flatMap(({ key, value }) => {
    const named = SECRET_KEY.test(key) || SECRET_VALUE.test(value) ? headerSecrets(value) : [];
    return [...named, ...urlSecrets(key), ...urlSecrets(value)];
  });
}

function readOr<T>(read: (text: string) => readonly T[], text: string): readonly T[] {
  try {
    return read(text);
  } catch {
    return [];
  }
}

const isGitConfig = (declared: Option<unknown>) => declared.flag.startsWith('git-config');
const isCredential = (declared: Option<unknown>) => declared.flag === 'credential';

function secretsOf(declared: Option<unknown>, text: string): string[] {
  if (isCredential(declared)) {
    const entries = readOr(parseCredentials, text);
    return entries.flatMap((entry) => [entry.password, ...urlSecrets(entry.url)]);
  }
  if (isGitConfig(declared)) {
    return gitConfigSecrets(readOr(parseGitConfig, text));
  }
  return declared.secret ? [text] : urlSecrets(text);
}

/** A flag with its value, as one argument. */
const FLAG_AND_VALUE = /^-+([^=\s]+)=(.+)$/s;

/** Learns secrets and passes each on; `options` tells which flags hold one. */
export function createDiscretion(options: Options, onSecret: (value: string) => void): Discretion {
  const known = createSecrets();
  const find = (name: string) => Object.values(options).find((declared) => declared.flag === name);
  const add = (secret: string): void => {
    if (secret.trim() !== '') {
      known.add(secret);
      onSecret(secret);
    }
  };
  const redact = (text: string) => known.redact(redactUrls(text, REDACTED));
  return {
    learn(declared, text) {
      secretsOf(declared, text).forEach(add);
      // A flag whose value was forgotten takes the next flag for it.
      const [, name = '', value = ''] = FLAG_AND_VALUE.exec(text) ?? [];
      const swallowed = find(name);
      if (swallowed) {
        secretsOf(swallowed, value).forEach(add);
      }
    },
    redact,
    showArgument(argument) {
      const name = FLAG_AND_VALUE.exec(argument)?.[1];
      const isOpen = name === undefined || isOpenFlag(find(name));
      return isOpen ? redact(argument) : `${argument.slice(0, argument.indexOf('='))}=${REDACTED}`;
    },
  };
}

/** Why a value cannot be read. The parsers quote the value: if any of it is hidden, they are not quoted themselves. */
export function showReason(declared: Option<unknown>, message: string, text: string, shown: string): string {
  const isQuoted = shown !== text && !declared.secret;
  return isQuoted ? `not readable as ${declared.type.name}` : message;
}

function isOpenFlag(declared: Option<unknown> | undefined): boolean {
  return declared !== undefined && declared.secret !== true && !isGitConfig(declared);
}

/** The value of an option as it may be shown: secrets of every kind replaced. */
export function showValue(declared: Option<unknown>, text: string, discretion: Discretion): string {
  if (isGitConfig(declared)) {
    const pairs = readOr(parseGitConfig, text);
    const shown = pairs.map(({ key }) => ({ key: redactUrls(key, REDACTED), value: REDACTED }));
    return discretion.redact(formatGitConfig(shown));
  }
  if (isCredential(declared)) {
    const entries = readOr(parseCredentials, text);
    return discretion.redact(declared.type.format(entries));
  }
  if (declared.secret) {
    return REDACTED;
  }
  return discretion.showArgument(text);
}
