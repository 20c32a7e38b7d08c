/** Where things stand in the text of a YAML document: lines, columns, and where the content of a node ends. */
import { isAlias, isMap, isScalar, isSeq, type Pair } from 'yaml';

export interface Text {
  readonly text: string;
  readonly newline: string;
}

export function textOf(text: string): Text {
  return { text, newline: text.includes('\r\n') ? '\r\n' : '\n' };
}

export function lineStart({ text }: Text, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** The end of a line, before its newline. */
export function lineEnd({ text }: Text, at: number): number {
  const end = text.indexOf('\n', at);
  const last = end === -1 ? text.length : end;
  return text[last - 1] === '\r' ? last - 1 : last;
}

export function column(text: Text, at: number): number {
  return at - lineStart(text, at);
}

export function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    ? (node.range ?? undefined)
    : undefined;
}

/** Nothing is written where the value would stand. */
export function isBlank(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
}

export function isFlow(node: unknown): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

/** The end of a pair's line or lines: of its value, or of its key where nothing stands behind it. */
export function pairEnd(text: Text, pair: Pair): number {
  return isBlank(pair.value) ? lineEnd(text, rangeOf(pair.key)?.[1] ?? 0) : contentEnd(text, pair.value);
}

/** The end of the last line on which something of the node stands, with a comment on that line, before its newline. */
export function contentEnd(text: Text, node: unknown): number {
  const end = rangeOf(node)?.[1] ?? 0;
  if (isFlow(node)) {
    return lineEnd(text, end);
  }
  if (isMap(node)) {
    const last = node.items.at(-1);
    return last === undefined ? lineEnd(text, end) : pairEnd(text, last);
  }
  if (isSeq(node)) {
    const last: unknown = node.items.at(-1);
    return last === undefined || isBlank(last)
      ? lineEnd(text, rangeOf(last)?.[0] ?? end)
      : contentEnd(text, last);
  }
  if (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')) {
    // The range of a block of text goes to the start of the line behind it.
    return text.text[end - 1] === '\n' ? lineEnd(text, end - 1) : end;
  }
  return lineEnd(text, end);
}
