// A persistent sorted set of pairs of a key and an id, as a B+ tree: field indexes of metadata are such sets.

/** Pairs of a leaf, and children of a branch, at most; nodes with less than a quarter are joined with a neighbour. */
const [LEAF, BRANCH] = [128, 32];

/** A leaf: pairs in ascending order; sets share it. */
export interface Leaf<K> {
  readonly keys: readonly K[];
  readonly ids: readonly string[];
}

interface Branch<K> {
  readonly children: readonly Node<K>[];
  /** The first pair of each child. */
  readonly keys: readonly K[];
  readonly ids: readonly string[];
  /** Pairs in all of it. */
  readonly size: number;
}

type Node<K> = Leaf<K> | Branch<K>;

/** An immutable sorted set. Every function takes its order, which must always be the same. */
export interface SortedSet<K> {
  /** How many pairs it has. */
  readonly size: number;
  readonly root: Node<K>;
}

/** The order of keys: below 0, 0 or above 0. */
export type Order<K> = (a: K, b: K) => number;

/** A pair that is to be in a set or not. */
export interface Change<K> {
  readonly key: K;
  readonly id: string;
  readonly isIn: boolean;
}

/** A range of keys: those neither before nor behind it. */
export interface Range<K> {
  isBefore(key: K): boolean;
  isBehind(key: K): boolean;
}

/** The empty set. */
export function emptySet<K>(): SortedSet<K> {
  return madeOf<K>([]);
}

/**
 * Applies changes to a set; returns the same set if they change nothing.
 *
 * Of several changes of one pair the last one counts. Each changed leaf is copied once, with the path to it; all others are
 * shared. Time: O(changes · log size).
 */
export function withChanges<K>(
  set: SortedSet<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
): SortedSet<K> {
  const sorted = [...changes].sort((a, b) => comparePairs(order, a.key, a.id, b.key, b.id));
  const last = sorted.filter((one, i) => {
    const next = sorted[i + 1] as Change<K> | undefined;
    return next === undefined || comparePairs(order, one.key, one.id, next.key, next.id) !== 0;
  });
  const nodes = changed(set.root, order, last, 0, last.length);
  return nodes.length === 1 && nodes[0] === set.root ? set : madeOf(nodes);
}

/** Visits the pairs of a range, leaf by leaf: those at [from, to) of each. Time: O(log size + pairs). */
export function eachInRange<K>(
  { root }: SortedSet<K>,
  range: Range<K>,
  visit: (leaf: Leaf<K>, from: number, to: number) => void,
): void {
  walk(root);

  function walk(node: Node<K>): void {
    const [from, to] = positionsOf(node, range);
    if (!('children' in node)) {
      if (from < to) visit(node, from, to);
      return;
    }
    // The child before may end within the range.
    for (let i = Math.max(0, from - 1); i < to; i++) walk(node.children[i]);
  }
}

/** Counts the pairs of a range. Time: O(log size). */
export function countInRange<K>({ root }: SortedSet<K>, range: Range<K>): number {
  return countIn(root);

  function countIn(node: Node<K>): number {
    const [from, to] = positionsOf(node, range);
    if (!('children' in node)) return to - from;
    let count = 0;
    for (let i = Math.max(0, from - 1); i < to; i++) {
      const isInside = i >= from && i + 1 < to;
      count += isInside ? sizeOf(node.children[i]) : countIn(node.children[i]);
    }
    return count;
  }
}

/** All nodes of a set, to count what sets share. */
export function* nodesOf<K>({ root }: SortedSet<K>): Generator<object> {
  const left: Node<K>[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    yield node;
    if ('children' in node) left.push(...node.children);
  }
}

/** The positions in a node of the first key that is not before the range, and of the first behind it. */
function positionsOf<K>({ keys }: Node<K>, range: Range<K>): [from: number, to: number] {
  const from = firstWhere(keys, 0, (key) => !range.isBefore(key));
  return [from, firstWhere(keys, from, (key) => range.isBehind(key))];
}

function firstWhere<K>(keys: readonly K[], from: number, holds: (key: K) => boolean): number {
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(keys[middle])) to = middle;
    else from = middle + 1;
  }
  return from;
}

function comparePairs<K>(order: Order<K>, keyA: K, idA: string, keyB: K, idB: string): number {
  const byKey = order(keyA, keyB);
  return byKey !== 0 ? byKey : idA === idB ? 0 : idA < idB ? -1 : 1;
}

/** Applies the changes at [from, to) to a node. Returns nodes of the same height, none if nothing is left. */
function changed<K>(
  node: Node<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
  from: number,
  to: number,
): readonly Node<K>[] {
  if (from === to) return [node];
  if (!('children' in node)) return changedLeaf(node, order, changes, from, to);
  const children: Node<K>[] = [];
  let isSame = true;
  for (let i = 0, done = from; i < node.children.length; i++) {
    const child = node.children[i];
    const until = i + 1 === node.children.length ? to : endOf(node, i + 1, done);
    const parts = changed(child, order, changes, done, until);
    done = until;
    if (parts.length === 1 && parts[0] === child) {
      children.push(child);
      continue;
    }
    isSame = false;
    for (const part of parts) children.push(part);
  }
  return isSame ? [node] : branches(joined(children));

  /** The end of the changes that are before the child at `next`. */
  function endOf({ keys, ids }: Branch<K>, next: number, start: number): number {
    let end = start;
    while (end < to && comparePairs(order, changes[end].key, changes[end].id, keys[next], ids[next]) < 0)
      end++;
    return end;
  }
}

function changedLeaf<K>(
  leaf: Leaf<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
  from: number,
  to: number,
): readonly Node<K>[] {
  const keys: K[] = [];
  const ids: string[] = [];
  let isSame = true;
  let at = 0;
  for (let c = from; c <= to; c++) {
    const change = c < to ? changes[c] : undefined;
    for (; at < leaf.keys.length; at++) {
      if (change && comparePairs(order, leaf.keys[at], leaf.ids[at], change.key, change.id) >= 0) break;
      keys.push(leaf.keys[at]);
      ids.push(leaf.ids[at]);
    }
    if (change === undefined) break;
    const isThere =
      at < leaf.keys.length && leaf.ids[at] === change.id && order(leaf.keys[at], change.key) === 0;
    if (isThere !== change.isIn) isSame = false;
    if (change.isIn) {
      // A key that is there already is kept, as others may share it.
      keys.push(isThere ? leaf.keys[at] : change.key);
      ids.push(change.id);
    }
    if (isThere) at++;
  }
  return isSame ? [leaf] : leaves(keys, ids);
}

/** Joins neighbours if one of them has become small. */
function joined<K>(nodes: readonly Node<K>[]): readonly Node<K>[] {
  const result: Node<K>[] = [];
  for (const node of nodes) {
    const before = result.at(-1);
    if (before === undefined || (!isSmall(before) && !isSmall(node))) {
      result.push(node);
      continue;
    }
    result.pop();
    for (const part of 'children' in before && 'children' in node
      ? branches(joined([...before.children, ...node.children]))
      : leaves([...before.keys, ...node.keys], [...before.ids, ...node.ids]))
      result.push(part);
  }
  return result;
}

function isSmall<K>(node: Node<K>): boolean {
  return node.keys.length < ('children' in node ? BRANCH : LEAF) / 4;
}

function leaves<K>(keys: readonly K[], ids: readonly string[]): Leaf<K>[] {
  return parts(keys.length, LEAF).map(([from, to]) =>
    Object.freeze({ keys: Object.freeze(keys.slice(from, to)), ids: Object.freeze(ids.slice(from, to)) }),
  );
}

function branches<K>(children: readonly Node<K>[]): Branch<K>[] {
  return parts(children.length, BRANCH).map(([from, to]) => {
    const own = children.slice(from, to);
    return Object.freeze({
      children: Object.freeze(own),
      keys: Object.freeze(own.map(({ keys }) => keys[0])),
      ids: Object.freeze(own.map(({ ids }) => ids[0])),
      size: own.reduce((sum, child) => sum + sizeOf(child), 0),
    });
  });
}

/** Cuts `count` items into parts of about equal size, none above `most`. */
function parts(count: number, most: number): [from: number, to: number][] {
  const pieces = Math.ceil(count / most);
  return Array.from({ length: pieces }, (_, i) => [
    Math.floor((i * count) / pieces),
    Math.floor(((i + 1) * count) / pieces),
  ]);
}

function sizeOf<K>(node: Node<K>): number {
  return 'children' in node ? node.size : node.keys.length;
}

/** Makes a set of nodes of one height. */
function madeOf<K>(nodes: readonly Node<K>[]): SortedSet<K> {
  while (nodes.length > 1) nodes = branches(nodes);
  let root: Node<K> = nodes[0] ?? Object.freeze({ keys: Object.freeze([]), ids: Object.freeze([]) });
  while ('children' in root && root.children.length === 1) root = root.children[0];
  return Object.freeze({ size: sizeOf(root), root });
}
