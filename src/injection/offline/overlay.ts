/**
 * A YAML document with changes laid over it: what is added or taken away, around the nodes that stay as they are. A patch
 * is applied to the overlay; the text then only changes where the overlay differs.
 */
import {
  type Document,
  isAlias,
  isScalar,
  isSeq,
  isMap as isYamlMap,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Json } from '../../kubernetes/json.ts';
import { applyPatch, PatchError, type PatchOperation, pointer, pointerSteps } from '../engine/json-patch.ts';

/** A value that replaces what was there, or is new. */
export interface Fresh {
  readonly kind: 'fresh';
  value: Json;
}

export interface ListOverlay {
  readonly kind: 'list';
  readonly node: YAMLSeq;
  /** In their new order; an original item has its position. */
  readonly items: { readonly from: number | undefined; overlay: Overlay }[];
  readonly removed: Set<number>;
}

export interface MapOverlay {
  readonly kind: 'map';
  readonly node: YAMLMap;
  readonly children: Map<string, Overlay>;
  readonly added: Map<string, Fresh>;
  readonly removed: Set<string>;
}

/** An original node that nothing has changed yet. */
export interface Original {
  readonly kind: 'original';
  readonly node: unknown;
}

export type Overlay = Fresh | ListOverlay | MapOverlay | Original;

export function keyOf(pair: Pair): string {
  const key: unknown = isScalar(pair.key) ? pair.key.value : '';
  // The parser has a symbol for the key that merges.
  return typeof key === 'symbol' ? '<<' : String(key);
}

export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === key);
}

/** An overlay over a document, changed by a patch. Throws PatchError for a patch that does not apply. */
export function overlayOf(document: Document, operations: readonly PatchOperation[]): Overlay {
  const js = (node: unknown): Json => nodeValue(node, document);
  let root = opened({ kind: 'original', node: document.contents }, js);
  for (const operation of operations) {
    root = changed(root, pointerSteps(operation.path), operation, js);
  }
  return root;
}

/** What a node stands for. Aliases are resolved within their limits. */
export function nodeValue(node: unknown, document: Document): Json {
  const value: unknown = (node as Node | null)?.toJS?.(document, { maxAliasCount: 100 }) ?? null;
  return value as Json;
}

/** Whether a map can be edited where it stands: with merged keys it shows more than it has. */
function isPlainMap(node: unknown): node is YAMLMap {
  return isYamlMap(node) && !node.items.some((pair) => keyOf(pair) === '<<');
}

/** A list or map that can be walked into; anything else by its value. */
export function opened(overlay: Overlay, js: (node: unknown) => Json): Overlay {
  if (overlay.kind !== 'original') {
    return overlay;
  }
  const { node } = overlay;
  if (isPlainMap(node)) {
    return { kind: 'map', node, children: new Map(), added: new Map(), removed: new Set() };
  }
  if (isSeq(node)) {
    const items = node.items.map((item, from) => ({
      from,
      overlay: { kind: 'original', node: item } as Overlay,
    }));
    return { kind: 'list', node, items, removed: new Set() };
  }
  if (isYamlMap(node) || isAlias(node)) {
    return { kind: 'fresh', value: js(node) };
  }
  return overlay;
}

function changed(
  overlay: Overlay,
  steps: readonly string[],
  operation: PatchOperation,
  js: (node: unknown) => Json,
): Overlay {
  const open = opened(overlay, js);
  const [step = '', ...rest] = steps;
  if (open.kind === 'fresh') {
    open.value = applyPatch(open.value, [{ ...operation, path: pointer(...steps) }]);
  } else if (open.kind === 'list') {
    changeList(open, step, rest, operation, js);
  } else if (open.kind === 'map') {
    changeMap(open, step, rest, operation, js);
  } else {
    throw new PatchError(`${operation.path}: no list or object before ${step}`);
  }
  return open;
}

function changeList(
  list: ListOverlay,
  step: string,
  rest: readonly string[],
  operation: PatchOperation,
  js: (node: unknown) => Json,
): void {
  const at = step === '-' ? list.items.length : Number(step);
  const item = list.items[at];
  if (rest.length > 0 && item !== undefined) {
    item.overlay = changed(item.overlay, rest, operation, js);
  } else if (rest.length === 0 && operation.op === 'add' && at <= list.items.length) {
    list.items.splice(at, 0, { from: undefined, overlay: { kind: 'fresh', value: operation.value } });
  } else if (rest.length === 0 && operation.op === 'remove' && item !== undefined) {
    list.items.splice(at, 1);
    if (item.from !== undefined) {
      list.removed.add(item.from);
    }
  } else {
    throw new PatchError(`${operation.path}: no item ${step}`);
  }
}

function changeMap(
  map: MapOverlay,
  key: string,
  rest: readonly string[],
  operation: PatchOperation,
  js: (node: unknown) => Json,
): void {
  const pair = pairOf(map.node, key);
  const fresh = map.added.get(key);
  if (rest.length > 0 && fresh !== undefined) {
    changed(fresh, rest, operation, js);
  } else if (rest.length > 0 && pair !== undefined) {
    const child = map.children.get(key) ?? { kind: 'original', node: pair.value };
    map.children.set(key, changed(child, rest, operation, js));
  } else if (rest.length === 0 && operation.op === 'remove' && pair !== undefined) {
    map.children.delete(key);
    map.removed.add(key);
  } else if (rest.length === 0 && operation.op !== 'remove') {
    const value: Fresh = { kind: 'fresh', value: operation.value };
    if (pair === undefined) {
      map.added.set(key, value);
    } else {
      map.children.set(key, value);
    }
  } else {
    throw new PatchError(`${operation.path}: there is no ${key}`);
  }
}
