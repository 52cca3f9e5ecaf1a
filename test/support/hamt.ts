/** What the nodes of an Immutable.js map look like inside, as far as counting them needs. */
interface Node {
  /** A bitmap-indexed or hash-array-mapped node has children. */
  readonly nodes?: readonly (Node | undefined)[];
  /** A small map or a hash collision holds entries, */
  readonly entries?: readonly unknown[];
  /** and a leaf holds one. */
  readonly entry?: unknown;
}

/** A map, whatever it maps. */
type AnyMap = object & { readonly size: number };

/** The nodes that make up a map. Throws where the guess of what they look like is wrong. */
export function nodesOf(map: AnyMap): Set<object> {
  const nodes = new Set<object>();
  let entries = 0;
  const visit = (node: Node | undefined): void => {
    if (node === undefined) return;
    nodes.add(node);
    entries += node.entries?.length ?? 0;
    if (node.entry !== undefined) entries++;
    node.nodes?.forEach(visit);
  };
  visit((map as { readonly _root?: Node })._root);
  if (entries !== map.size) throw new Error(`Found ${entries} of ${map.size} entries: nodes look different.`);
  return nodes;
}

/** How many nodes of a map are not shared with an earlier one. */
export function freshNodes(before: AnyMap, after: AnyMap): number {
  const old = nodesOf(before);
  return [...nodesOf(after)].filter((node) => !old.has(node)).length;
}
