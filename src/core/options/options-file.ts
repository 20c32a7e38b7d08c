/** Configuration files: YAML whose keys are the names of flags. */
import type { Node, Pair, YAMLMap } from 'yaml';
import { usageError } from '../errors.ts';
import { isNestedTooDeeply } from './yaml-nesting.ts';

/** Settings out of a file, as plain values by key. */
export interface OptionsFile {
  readonly values: Readonly<Record<string, unknown>>;
  /** `file:line:column` of a key. */
  where?(key: string): string;
}

/** A whole configuration file. */
export interface ParsedOptionsFile extends OptionsFile {
  where(key: string): string;
  /** `file:line:column` of what lies at a path of keys and indexes, or else of the nearest around it that is there. */
  whereIs(path: readonly (string | number)[]): string;
  /** The entries of a list of mappings under a key, each as settings of its own; the key is gone from `values`. */
  take(key: string): ParsedOptionsFile[];
}

/** Aliases could multiply a small file into a large one. */
const MAX_ALIASES = 100;

/** What is wrong, without the text that the library quotes there: it may be part of a password. */
function withoutSource({ code, message }: { readonly code: string; readonly message: string }): string {
  return code === 'UNEXPECTED_TOKEN' ? (message.split(': ')[0] ?? '') : message;
}

/**
 * Reads a configuration file. The library is loaded with the first one.
 * @throws PillionError `usage` with file, line and column for what is no YAML, or no mapping
 */
export async function parseOptionsFile(source: string, file: string): Promise<ParsedOptionsFile> {
  if (isNestedTooDeeply(source)) {
    throw usageError(`${file}: this is nested too deeply`, 'the keys are the names of the flags');
  }
  const { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw usageError(`${at(syntax.pos[0])}: ${withoutSource(syntax)}`, 'see https://yaml.org for the syntax');
  }
  let aliases = 0;
  visit(document, {
    Alias(_key, { source: name, range }, ancestors) {
      aliases += 1;
      const holdsItself = ancestors.some((node) => isNode(node) && !isAlias(node) && node.anchor === name);
      if (holdsItself || aliases > MAX_ALIASES) {
        const why = holdsItself
          ? `the alias *${name} stands in what it stands for`
          : 'there are too many aliases';
        throw usageError(`${at(range?.[0])}: ${why}`, `at most ${MAX_ALIASES} aliases`);
      }
    },
  });
  const offsetOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];
  const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);

  function settings(node: unknown, hint: string): ParsedOptionsFile {
    if (!isMap(node)) {
      throw usageError(`${at(offsetOf(node))}: this is not a mapping of keys to values`, hint);
    }
    const map: YAMLMap = node;
    const values = plain(map);
    const pairOf = (key: string) => map.items.find((pair) => keyOf(pair) === key);
    return {
      values,
      where: (key) => at(offsetOf(pairOf(key)?.key)),
      whereIs(path) {
        const nodes = path.map((_, index) => map.getIn(path.slice(0, index + 1), true));
        return at(offsetOf(nodes.findLast(isNode) ?? map));
      },
      take(key) {
        const list = pairOf(key)?.value;
        delete values[key];
        if (list === undefined || list === null) {
          return [];
        }
        if (!isSeq(list)) {
          throw usageError(`${at(offsetOf(list))}: "${key}" must be a list`, `write "- " before each entry`);
        }
        return list.items.map((item) =>
          settings(item, `each entry of "${key}" has the names of flags as keys`),
        );
      },
    };
  }

  function plain(map: YAMLMap): Record<string, unknown> {
    try {
      return map.toJS(document, { maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
    } catch {
      throw usageError(
        `${file}: an alias (*name) is unknown or used too often`,
        `at most ${MAX_ALIASES} times`,
      );
    }
  }

  return document.contents === null
    ? settings(document.createNode({}), '')
    : settings(document.contents, 'the keys are the names of the flags, e.g. `one-time: true`');
}
