/** `--credential`: a JSON object or a list of them, read with the tolerance and the strictness of Go's decoder. */
import { withoutLineEnd } from '../../core/line-end.ts';
import { REDACTED } from '../../core/log/secrets.ts';
import { ValueError, type ValueType } from '../../core/options/option.ts';
import type { SecretParts } from '../../core/options/secrecy.ts';
import { redactUrls, urlSecrets } from '../../core/options/url-secrets.ts';
import { IDENTITIES, type Identity } from '../../git/settings.ts';
import { entrySecrets } from './entry-secrets.ts';

/** One entry as it was written; what is missing is empty. */
export interface CredentialEntry {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly passwordFile: string;
  /** A program and its arguments, in place of a password. */
  readonly command?: readonly [string, ...string[]];
  /** Whose token is sent: that of a cloud. */
  readonly identity?: Identity;
}

const FIELDS = {
  url: 'url',
  username: 'username',
  password: 'password',
  'password-file': 'passwordFile',
} as const;
const COMMAND = 'command';
const IDENTITY = 'identity';

/** What an entry may say. */
export const CREDENTIAL_FIELDS = [
  'url',
  'username',
  'password',
  'password-file',
  COMMAND,
  IDENTITY,
] as const satisfies readonly (keyof typeof FIELDS | typeof COMMAND | typeof IDENTITY)[];

/** Go's decoder reads one value and leaves the rest of the text alone. */
function firstValue(text: string): string {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') {
        at += 1;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) {
        return text.slice(0, at + 1);
      }
    }
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(firstValue(text));
  } catch {
    // The parser's own message quotes the text, which holds passwords.
    throw new ValueError('not valid JSON');
  }
}

function commandOf(content: unknown): readonly [string, ...string[]] {
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content];
  const [program, ...args] = parts.filter((part): part is string => typeof part === 'string');
  if (program === undefined || program === '' || args.length + 1 < parts.length) {
    throw new ValueError('json: command must be a program, or a list of a program and its arguments');
  }
  return [program, ...args];
}

function identityOf(content: unknown): Identity {
  const identity = IDENTITIES.find((name) => name === content);
  if (identity === undefined) {
    throw new ValueError(`json: identity must be one of ${IDENTITIES.join(', ')}`);
  }
  return identity;
}

function toEntry(value: unknown): CredentialEntry {
  let more: Pick<CredentialEntry, 'command' | 'identity'> = {};
  const entry = { url: '', username: '', password: '', passwordFile: '' };
  if (value === null) {
    return entry;
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ValueError('every credential must be a JSON object');
  }
  for (const [name, content] of Object.entries(value)) {
    if (name.toLowerCase() === COMMAND) {
      more = { ...more, command: commandOf(content) };
      continue;
    }
    if (name.toLowerCase() === IDENTITY) {
      more = { ...more, identity: identityOf(content) };
      continue;
    }
    const known = Object.entries(FIELDS).find(([field]) => field === name.toLowerCase());
    if (known === undefined) {
      throw new ValueError(
        `json: unknown field ${JSON.stringify(name)} (there are ${CREDENTIAL_FIELDS.join(', ')})`,
      );
    }
    if (content !== null && typeof content !== 'string') {
      throw new ValueError(`json: ${known[0]} must be a string`);
    }
    entry[known[1]] = content === null ? entry[known[1]] : withoutLineEnd(content);
  }
  return { ...entry, ...more };
}

/**
 * Reads one use of `--credential`; blank text is none.
 * @throws ValueError that never shows the text.
 */
export function parseCredentials(text: string): CredentialEntry[] {
  const trimmed = text.trim();
  if (trimmed === '') {
    return [];
  }
  if (trimmed.startsWith('{')) {
    return [toEntry(parseJson(trimmed))];
  }
  if (!trimmed.startsWith('[')) {
    throw new ValueError('not a JSON object or list');
  }
  const list = parseJson(trimmed);
  return Array.isArray(list) ? list.map(toEntry) : [];
}

/** The entries as JSON with the passwords replaced. */
export function showCredentials(entries: readonly CredentialEntry[], replacement: string): string {
  const shown = entries.map((entry) => ({
    url: entry.url,
    username: entry.username,
    ...(entry.password === '' ? {} : { password: replacement }),
    ...(entry.passwordFile === '' ? {} : { 'password-file': entry.passwordFile }),
    ...(entry.command === undefined ? {} : { command: entry.command }),
    ...(entry.identity === undefined ? {} : { identity: entry.identity }),
  }));
  return JSON.stringify(shown);
}

/** The secrets in values of `--credential`: passwords, and what the URLs hold. */
export const CREDENTIAL_SECRETS: SecretParts = entrySecrets(
  parseCredentials,
  ({ url, password }) => [{ value: password }, ...urlSecrets(url)],
  (entries) => redactUrls(showCredentials(entries, REDACTED), REDACTED),
);

export const credentials: ValueType<readonly CredentialEntry[]> = {
  name: 'JSON',
  repeats: true,
  accumulates: true,
  parse: parseCredentials,
  append: (earlier, later) => [...earlier, ...later],
  format: (entries) => (entries.length === 0 ? '' : showCredentials(entries, REDACTED)),
};
