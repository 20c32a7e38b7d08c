/**
 * Aliases under changes. A node that is changed where it stands changes for everybody who names it, too: whoever is to stay as
 * it was is written out, and whoever is to become the same goes on naming it.
 */
import { type Document, isAlias, isNode, type Node, visit } from 'yaml';
import { type Json, sameJson } from '../../kubernetes/json.ts';
import { keyOf, type ListOverlay, type MapOverlay, nodeValue, type Overlay, opened } from './overlay.ts';

/** Whether anything in the document names something else in it. */
export function hasAliases(document: Document): boolean {
  let found = false;
  visit(document, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** The overlay with every alias that its changes would reach. */
export function withAliases(root: Overlay, document: Document): Overlay {
  const value = (node: unknown): Json => nodeValue(node, document);
  const changed = new Map<unknown, Overlay>();
  note(root);

  /** Whatever is laid over a node, by that node. */
  function note(overlay: Overlay): void {
    if (overlay.kind === 'map') {
      changed.set(overlay.node, overlay);
      overlay.children.forEach(note);
    } else if (overlay.kind === 'list') {
      changed.set(overlay.node, overlay);
      overlay.items.forEach((item) => note(item.overlay));
    }
  }

  /** What a node has become, under an overlay. */
  function become(overlay: Overlay): Json {
    if (overlay.kind === 'fresh') {
      return overlay.value;
    }
    if (overlay.kind === 'list') {
      return overlay.items.map((item) => become(item.overlay));
    }
    if (overlay.kind === 'original') {
      return value(overlay.node);
    }
    const { node, children, added, removed } = overlay;
    const pairs = node.items
      .map((pair) => ({ key: keyOf(pair), pair }))
      .filter(({ key }) => !removed.has(key))
      .map(({ key, pair }) => [key, become(children.get(key) ?? original(pair.value))] as const);
    return Object.fromEntries([...pairs, ...[...added].map(([key, fresh]) => [key, fresh.value] as const)]);
  }

  const targetOf = (node: unknown) => (isAlias(node) ? changed.get(node.resolve(document)) : undefined);
  const isReached = (node: unknown): boolean => {
    let found = false;
    const onAlias = (_: unknown, alias: Node) => {
      found ||= targetOf(alias) !== undefined;
    };
    if (isNode(node)) {
      visit(node, { Alias: onAlias });
    }
    return found;
  };

  function settled(overlay: Overlay, node: unknown): Overlay {
    const target = targetOf(node);
    if (target !== undefined) {
      const wanted = overlay.kind === 'fresh' ? overlay.value : value(node);
      return sameJson(wanted, become(target)) ? original(node) : { kind: 'fresh', value: wanted };
    }
    if (overlay.kind === 'map') {
      return settledMap(overlay);
    }
    if (overlay.kind === 'list') {
      return settledList(overlay);
    }
    if (overlay.kind === 'fresh' || !isReached(node)) {
      return overlay;
    }
    // Merged keys are written out with the map that they are merged into.
    return settled(opened(overlay, value), node);
  }

  function settledMap(map: MapOverlay): Overlay {
    for (const pair of map.node.items) {
      const key = keyOf(pair);
      const before = map.children.get(key) ?? original(pair.value);
      const after = settled(before, pair.value);
      if (after.kind === 'original') {
        map.children.delete(key);
      } else if (!map.removed.has(key) && (map.children.has(key) || after !== before)) {
        map.children.set(key, after);
      }
    }
    return map;
  }

  function settledList(list: ListOverlay): Overlay {
    for (const item of list.items) {
      if (item.from !== undefined) {
        item.overlay = settled(item.overlay, list.node.items[item.from]);
      }
    }
    return list;
  }

  return settled(root, document.contents);
}

const original = (node: unknown): Overlay => ({ kind: 'original', node });
