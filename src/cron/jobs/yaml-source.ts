import { type Document, isAlias, type LineCounter, visit } from 'yaml';
import { errorMessage } from '../../core/errors.ts';
import { yamlOffset } from '../../core/options/yaml-place.ts';
import type { Finding } from './findings.ts';

export type Path = readonly (string | number)[];

/** Places in the source, by the path of keys and indices that leads there. */
export interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

export function at(source: Source, offset: number, message: string, hint?: string): Finding {
  const { line, col } = source.lines.linePos(offset);
  return { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1), message, hint };
}

/** Where the nearest enclosing node stands that is there. */
export const offsetOf = ({ document }: Source, path: Path): number => yamlOffset(document, path);

/** Aliases could multiply a small file into a large one. */
const MAX_ALIASES = 100;
const ALIAS_HINT = `an alias (*name) stands for an anchor (&name) above it, up to ${MAX_ALIASES} times`;

/** The document as plain values, or why it has none. */
export function contentOf(
  document: Document,
): { readonly value: unknown } | { offset: number; message: string; hint: string } {
  try {
    const alias = badAlias(document);
    return alias === undefined
      ? { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
      : { ...alias, hint: ALIAS_HINT };
  } catch (error) {
    // Nested so deeply that the stack is full.
    return { offset: 0, message: errorMessage(error), hint: 'a file of jobs has four levels' };
  }
}

/** The first alias that stands for nothing, or is one too many. */
function badAlias(document: Document): { offset: number; message: string } | undefined {
  const anchors = new Set<string>();
  let aliases = 0;
  let bad: { offset: number; message: string } | undefined;
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        aliases += 1;
        const offset = node.range?.[0] ?? 0;
        if (!anchors.has(node.source)) {
          bad = {
            offset,
            message: `Unresolved alias (the anchor must be set before the alias): ${node.source}`,
          };
        } else if (aliases > MAX_ALIASES) {
          bad = { offset, message: 'too many aliases' };
        }
      } else if (node.anchor !== undefined) {
        anchors.add(node.anchor);
      }
      return bad === undefined ? undefined : visit.BREAK;
    },
  });
  return bad;
}
