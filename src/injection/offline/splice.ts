/** An overlay -> the pieces of text that change. Everything between them stays byte for byte. */
import { isMap, isScalar, isSeq, type Pair, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { isMap as isObject, type Json } from '../../kubernetes/json.ts';
import { blockLines } from './block-style.ts';
import {
  column,
  contentEnd,
  isBlank,
  isFlow,
  lineEnd,
  lineStart,
  pairEnd,
  rangeOf,
  type Text,
} from './layout.ts';
import { keyOf, type ListOverlay, type MapOverlay, type Overlay, pairOf } from './overlay.ts';
import { jsonOf } from './yaml-reading.ts';

export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Where a list or map stands: the end of the line that leads to it, before which nothing of it is. */
interface Place {
  readonly text: Text;
  /** Undefined where the node begins on a line with something else. */
  readonly head: number | undefined;
  /** How lists below keys are indented in this document: 0 or 2. */
  readonly listIndent: number;
}

/** A part of the text that cannot be changed in place: its parent is rewritten. */
export class NotInPlace extends Error {}

/** The changes of a whole document, in the order of the text. */
export function splicesOf(overlay: Overlay, text: Text, listIndent: number): Splice[] {
  const found = splice(overlay, { text, head: undefined, listIndent });
  return found.toSorted((a, b) => a.from - b.from || a.to - b.to);
}

export function applySplices(text: string, splices: readonly Splice[]): string {
  let out = '';
  let from = 0;
  for (const each of splices) {
    out += text.slice(from, each.from) + each.text;
    from = each.to;
  }
  return out + text.slice(from);
}

function splice(overlay: Overlay, place: Place): Splice[] {
  if (overlay.kind === 'list') {
    return isFlow(overlay.node) ? flowList(overlay, place) : blockList(overlay, place);
  }
  return overlay.kind === 'map' ? mapSplices(overlay, place) : [];
}

/** JSON is YAML; the spaces are those that people write. */
function flow(value: Json): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => flow(item as Json)).join(', ')}]`;
  }
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${flow(item)}`)
      .join(', ')}}`;
  }
  return jsonOf(value);
}

/** A value as lines, each behind the margin. */
function block(value: Json, margin: number, { text, listIndent }: Place): string {
  return blockLines(value, listIndent)
    .map((line) => ' '.repeat(margin) + line)
    .join(text.newline);
}

function mapSplices(overlay: MapOverlay, place: Place): Splice[] {
  const { node, children, added, removed } = overlay;
  const changes = [...children].flatMap(([key, child]) => childSplices(node, key, child, place));
  if (isFlow(node)) {
    return [...changes, ...flowMap(overlay)];
  }
  const removals = [...removed].map((key) =>
    removal(place.text, rangeOf(pairOf(node, key)?.key)?.[0], endOf(node, key, place.text)),
  );
  const additions = [...added].map(([key, { value }]) => {
    const at = additionPoint(node, key, removed, place);
    const lines = block({ [key]: value }, column(place.text, rangeOf(node)?.[0] ?? 0), place);
    return { from: at, to: at, text: place.text.newline + lines };
  });
  return [...changes, ...removals, ...additions];
}

function endOf(node: YAMLMap, key: string, text: Text): number {
  const pair = pairOf(node, key);
  return pair === undefined ? 0 : pairEnd(text, pair);
}

/** A change below a key; a value that is replaced as a whole is written behind its key. */
function childSplices(node: YAMLMap, key: string, child: Overlay, place: Place): Splice[] {
  const pair = pairOf(node, key);
  if (pair === undefined) {
    return [];
  }
  if (child.kind === 'fresh') {
    return asChild(node, pair, child.value, place);
  }
  const head = lineEnd(place.text, rangeOf(pair.key)?.[1] ?? 0);
  return splice(child, { ...place, head });
}

function asChild(node: YAMLMap, pair: Pair, value: Json, place: Place): Splice[] {
  const isShort = !isObjectOrList(value) || Object.keys(value).length === 0;
  return isFlow(node) || isShort ? inline(pair, value, place) : asBlock(node, pair, value, place);
}

const isObjectOrList = (value: Json) => typeof value === 'object' && value !== null;

function scalarText(value: Json, old: unknown): string {
  if (typeof value !== 'string') {
    return value === null ? '' : jsonOf(value);
  }
  const style = isScalar(old) ? old.type : undefined;
  const type = style === 'QUOTE_DOUBLE' || style === 'QUOTE_SINGLE' ? style : 'PLAIN';
  return stringify(value, { version: '1.1', lineWidth: 0, defaultStringType: type }).trimEnd();
}

/** A value on the key's line: in the place of another one there, or instead of lines below. */
function inline(pair: Pair, value: Json, { text }: Place): Splice[] {
  const behindKey = (rangeOf(pair.key)?.[1] ?? 0) + 1;
  const fresh = isObjectOrList(value) ? flow(value) : scalarText(value, pair.value);
  const spaced = fresh === '' ? '' : ` ${fresh}`;
  const range = isBlank(pair.value) ? undefined : rangeOf(pair.value);
  if (range === undefined) {
    return [{ from: behindKey, to: behindKey, text: spaced }];
  }
  const line = lineEnd(text, behindKey);
  if (range[0] <= line) {
    return [{ from: range[0], to: range[1], text: fresh }];
  }
  return [
    { from: behindKey, to: behindKey, text: spaced },
    { from: line, to: contentEnd(text, pair.value), text: '' },
  ];
}

/** A list or object where nothing, null, an alias or another style stood: on lines below the key's. */
function asBlock(node: YAMLMap, pair: Pair, value: Json, place: Place): Splice[] {
  const { text } = place;
  const margin = column(text, rangeOf(node)?.[0] ?? 0);
  const indent = Array.isArray(value) ? margin + place.listIndent : margin + 2;
  const behindKey = (rangeOf(pair.key)?.[1] ?? 0) + 1;
  const line = lineEnd(text, behindKey);
  const end = isBlank(pair.value) ? line : Math.max(line, contentEnd(text, pair.value));
  const fresh = { from: line, to: end, text: text.newline + block(value, indent, place) };
  const range = isBlank(pair.value) ? undefined : rangeOf(pair.value);
  // What stood on the key's own line goes; a comment behind it stays.
  return range !== undefined && range[0] <= line
    ? [{ from: behindKey, to: Math.min(range[1], line), text: '' }, fresh]
    : [fresh];
}

/** New keys of a pod stand where a reader looks for them: init containers before containers, everything else last. */
function additionPoint(node: YAMLMap, key: string, gone: ReadonlySet<string>, { text, head }: Place): number {
  const stays = node.items.filter((pair) => !gone.has(keyOf(pair)));
  const before = key === 'initContainers' ? stays.findIndex((pair) => keyOf(pair) === 'containers') : -1;
  if (before === 0) {
    if (head === undefined) {
      throw new NotInPlace();
    }
    return head;
  }
  const previous = before === -1 ? stays.at(-1) : stays[before - 1];
  return previous === undefined ? (head ?? 0) : pairEnd(text, previous);
}

/** Lines that go: from the end of the line before to the end of their own. */
function removal(text: Text, start: number | undefined, end: number): Splice {
  const line = lineStart(text, start ?? 0);
  const lead = text.text.slice(line, start);
  if (!/^ *(?:- *)?$/.test(lead)) {
    throw new NotInPlace();
  }
  const before = line - text.newline.length;
  return before < 0
    ? { from: 0, to: Math.min(end + text.newline.length, text.text.length), text: '' }
    : { from: before, to: end, text: '' };
}

function blockList({ node, items, removed: gone }: ListOverlay, place: Place): Splice[] {
  const { text, head } = place;
  const dash = column(text, rangeOf(node)?.[0] ?? 0);
  const splices: Splice[] = [];
  let previousEnd = head;
  for (const { from, overlay } of items) {
    if (from === undefined) {
      if (previousEnd === undefined || overlay.kind !== 'fresh') {
        throw new NotInPlace();
      }
      const lines = block([overlay.value], dash, { ...place, listIndent: 0 });
      splices.push({ from: previousEnd, to: previousEnd, text: text.newline + lines });
    } else {
      splices.push(...itemSplices(overlay, node.items[from], place));
      previousEnd = contentEnd(text, node.items[from]);
    }
  }
  for (const position of gone) {
    const item: unknown = node.items[position];
    splices.push(removal(text, rangeOf(item)?.[0], contentEnd(text, item)));
  }
  return splices;
}

/** A change of an item; one that was an alias, or had merged keys, is written out. */
function itemSplices(overlay: Overlay, node: unknown, place: Place): Splice[] {
  if (overlay.kind !== 'fresh') {
    return splice(overlay, { ...place, head: undefined });
  }
  const [from, end] = rangeOf(node) ?? [0, 0];
  const to = isMap(node) && !isFlow(node) ? contentEnd(place.text, node) : end;
  return [{ from, to, text: flow(overlay.value) }];
}

function flowList({ node, items, removed: gone }: ListOverlay, place: Place): Splice[] {
  const changes = items.flatMap(({ from, overlay }) =>
    from === undefined ? [] : itemSplices(overlay, node.items[from], place),
  );
  const open = (rangeOf(node)?.[0] ?? 0) + 1;
  const kept = items.filter(({ from }) => from !== undefined);
  const additions = items.flatMap(({ from, overlay }, at): Splice[] => {
    if (from !== undefined || overlay.kind !== 'fresh') {
      return [];
    }
    const next = items.slice(at).find((item) => item.from !== undefined)?.from;
    const json = flow(overlay.value);
    if (next !== undefined) {
      const start = rangeOf(node.items[next])?.[0] ?? open;
      return [{ from: start, to: start, text: `${json}, ` }];
    }
    const last = kept.at(-1)?.from;
    const end = last === undefined ? open : (rangeOf(node.items[last])?.[1] ?? open);
    const first = last === undefined && items.findIndex((item) => item.from === undefined) === at;
    return [{ from: end, to: end, text: first ? json : `, ${json}` }];
  });
  return [
    ...changes,
    ...additions,
    ...flowRemovals(
      node,
      [...gone].map((at) => node.items[at]),
    ),
  ];
}

function flowMap({ node, added, removed: gone }: MapOverlay): Splice[] {
  const open = (rangeOf(node)?.[0] ?? 0) + 1;
  const last = node.items.at(-1);
  const lastEnd = last === undefined ? open : (rangeOf(last.value)?.[1] ?? rangeOf(last.key)?.[1] ?? open);
  const additions = [...added].map(([key, { value }], at) => {
    const json = `${JSON.stringify(key)}: ${flow(value)}`;
    const text = last === undefined && at === 0 ? json : `, ${json}`;
    return { from: lastEnd, to: lastEnd, text };
  });
  const pairs = [...gone].map((key) => pairOf(node, key));
  return [...additions, ...flowRemovals(node, pairs)];
}

/** Items of a flow collection that go, with the comma before them (or behind the first). */
function flowRemovals(node: YAMLSeq | YAMLMap, gone: readonly unknown[]): Splice[] {
  const all: readonly unknown[] = node.items;
  const startOf = (item: unknown) => rangeOf(isPair(item) ? item.key : item)?.[0] ?? 0;
  const end = (item: unknown) =>
    (isPair(item) ? (rangeOf(item.value) ?? rangeOf(item.key)) : rangeOf(item))?.[1] ?? 0;
  const firstKept = all.findIndex((item) => !gone.includes(item));
  return gone.map((item) => {
    const at = all.indexOf(item);
    const previous = all[at - 1];
    const next = all[at + 1];
    if (firstKept === -1 || at > firstKept) {
      return { from: previous === undefined ? startOf(item) : end(previous), to: end(item), text: '' };
    }
    return { from: startOf(item), to: next === undefined ? end(item) : startOf(next), text: '' };
  });
}

function isPair(item: unknown): item is Pair {
  return (
    typeof item === 'object' &&
    item !== null &&
    'key' in item &&
    'value' in item &&
    !isMap(item) &&
    !isSeq(item)
  );
}

/** Whether a failure means that the text cannot be changed in place. */
export function isNotInPlace(error: unknown): boolean {
  return error instanceof NotInPlace;
}
