/**
 * The grammar of `--git-config`: `key:value` pairs with commas between them. A key runs to its colon, or is in double
 * quotes; a value runs to its comma, or is in double quotes. Escapes \n \t \" \, \\ in quoted keys and in all values.
 */
import { errorMessage } from '../../core/errors.ts';
import { ValueError } from '../../core/options/option.ts';
import type { GitConfigPair } from '../../git/settings.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', ',': ',', '\\': '\\' };

interface Reader {
  readonly characters: readonly string[];
  next: number;
}

/** Positions are reported instead of texts: values are secrets often enough. */
function fail(reader: Reader, what: string): ValueError {
  return new ValueError(`${what} at character ${reader.next}`);
}

function take(reader: Reader): string | undefined {
  const character = reader.characters[reader.next];
  reader.next += 1;
  return character;
}

function readEscape(reader: Reader): string {
  const letter = take(reader);
  if (letter === undefined) {
    throw fail(reader, 'unexpected end of escape sequence');
  }
  const character = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (character === undefined) {
    throw fail(reader, 'unsupported escape character');
  }
  return character;
}

/** The rest of a quoted string, after its opening quote. */
function readQuoted(reader: Reader): string {
  let text = '';
  for (;;) {
    const character = take(reader);
    if (character === undefined) {
      throw fail(reader, 'unexpected end of quoted string');
    }
    if (character === '"') {
      return text;
    }
    text += character === '\\' ? readEscape(reader) : character;
  }
}

/** A key after its first character: git decides what is a good one. */
function readKey(reader: Reader, first: string): string {
  if (first === '"') {
    const key = readQuoted(reader);
    if (take(reader) !== ':') {
      throw fail(reader, 'expected ":" after quoted key');
    }
    return key;
  }
  let key = first;
  for (;;) {
    const character = take(reader);
    if (character === undefined) {
      throw fail(reader, 'unexpected end of key (no ":")');
    }
    if (character === ':') {
      return key;
    }
    key += character;
  }
}

function readValue(reader: Reader): string {
  let character = take(reader);
  if (character === undefined) {
    throw fail(reader, 'no value');
  }
  if (character === '"') {
    const value = readQuoted(reader);
    const after = take(reader);
    if (after !== undefined && after !== ',') {
      throw fail(reader, 'expected "," or the end after quoted value');
    }
    return value;
  }
  // A comma right after the colon belongs to the value: as git-sync has it, an unquoted value is never empty.
  let value = character === '\\' ? readEscape(reader) : character;
  for (;;) {
    character = take(reader);
    if (character === undefined || character === ',') {
      return value;
    }
    value += character === '\\' ? readEscape(reader) : character;
  }
}

/**
 * Reads the pairs of `--git-config`.
 * @throws ValueError that says what was expected and where, and never shows the text.
 */
export function parseGitConfig(text: string): GitConfigPair[] {
  const reader: Reader = { characters: Array.from(text), next: 0 };
  const pairs: GitConfigPair[] = [];
  for (let first = take(reader); first !== undefined; first = take(reader)) {
    const key = readKey(reader, first);
    pairs.push({ key, value: readValue(reader) });
  }
  return pairs;
}

/** Why a value of `--git-config` cannot be used; undefined if it can. */
export function gitConfigProblem(text: string): string | undefined {
  try {
    const isOption = parseGitConfig(text).some(({ key }) => key.startsWith('-'));
    return isOption ? "a key must not start with '-'" : undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

const quote = (text: string) =>
  `"${text
    .replaceAll(/["\\]/g, (character) => `\\${character}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')}"`;

/** Writes pairs so that `parseGitConfig` reads them back. */
export function formatGitConfig(pairs: readonly GitConfigPair[]): string {
  return pairs.map(({ key, value }) => `${quote(key)}:${quote(value)}`).join(',');
}
