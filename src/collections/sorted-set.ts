/*
 * A persistent sorted set of pairs of a key and a number, as a B+ tree: field indexes of metadata are such sets, with the
 * numbers of documents. No node is ever given to callers of the library, and none is changed once it is made (I1). They are not
 * frozen: that would take longer than to copy them, and 16 bytes for each key that is a fraction.
 */

/** Pairs of a leaf, and children of a branch, at most; nodes with less than a quarter are joined with a neighbour. */
const [LEAF, BRANCH] = [128, 32];

/** A leaf: pairs in ascending order; sets share it. */
export interface Leaf<K> {
  readonly keys: readonly K[];
  readonly numbers: readonly number[];
}

interface Branch<K> {
  readonly children: readonly Node<K>[];
  /** The first pair of each child. */
  readonly keys: readonly K[];
  readonly numbers: readonly number[];
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
  readonly number: number;
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
  const last = lastOfEach(order, changes);
  if (last.length === 0) return set;
  const nodes = changed(set.root, order, last, 0, last.length);
  return nodes.length === 1 && nodes[0] === set.root ? set : madeOf(nodes);
}

/** The changes in order, of several of one pair the last one. */
function lastOfEach<K>(order: Order<K>, changes: readonly Change<K>[]): readonly Change<K>[] {
  if (changes.length < 2) return changes;
  const sorted = [...changes].sort((a, b) => comparePairs(order, a, b.key, b.number));
  return sorted.filter((one, i) => {
    const next = sorted[i + 1] as Change<K> | undefined;
    return next === undefined || comparePairs(order, one, next.key, next.number) !== 0;
  });
}

/** Visits the pairs of a range, leaf by leaf: those at [from, to) of each. Time: O(log size + pairs). */
export function eachInRange<K>(
  { root }: SortedSet<K>,
  range: Range<K>,
  visit: (leaf: Leaf<K>, from: number, to: number) => void,
): void {
  walk(root, false);

  function walk(node: Node<K>, isInside: boolean): void {
    const [from, to] = isInside ? [0, node.keys.length] : positionsOf(node, range);
    if (!('children' in node)) {
      if (from < to) visit(node, from, to);
      return;
    }
    // The child before may end within the range, and the last one behind it.
    for (let i = isInside ? 0 : Math.max(0, from - 1); i < to; i++)
      walk(node.children[i], isInside || (i >= from && i + 1 < to));
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

function comparePairs<K>(order: Order<K>, a: Change<K>, key: K, number: number): number {
  const byKey = order(a.key, key);
  return byKey !== 0 ? byKey : a.number - number;
}

/** Applies the changes at [from, to) to a node. Returns nodes of the same height, none if nothing is left. */
function changed<K>(
  node: Node<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
  from: number,
  to: number,
): readonly Node<K>[] {
  if (!('children' in node)) return changedLeaf(node, order, changes, from, to);
  const replaced = new Map<number, readonly Node<K>[]>();
  for (let done = from; done < to;) {
    const at = Math.max(0, firstBehind(node, order, changes[done], 0) - 1);
    const until = at + 1 === node.children.length ? to : endOf(node, at + 1, done);
    const child = node.children[at];
    const parts = changed(child, order, changes, done, until);
    if (parts.length !== 1 || parts[0] !== child) replaced.set(at, parts);
    done = until;
  }
  if (replaced.size === 0) return [node];
  const same = sameBranch(node, replaced);
  if (same !== undefined) return [same];
  const children: Node<K>[] = [];
  node.children.forEach((child, at) => {
    for (const part of replaced.get(at) ?? [child]) children.push(part);
  });
  return branches(joined(children));

  /** The end of the changes that are before the child at `next`. */
  function endOf({ keys, numbers }: Branch<K>, next: number, start: number): number {
    let end = start;
    while (end < to && comparePairs(order, changes[end], keys[next], numbers[next]) < 0) end++;
    return end;
  }
}

/** A branch with other children in the places of some; `undefined` where one has become small, or several. */
function sameBranch<K>(
  { children, keys, numbers, size }: Branch<K>,
  replaced: ReadonlyMap<number, readonly Node<K>[]>,
): Branch<K> | undefined {
  for (const parts of replaced.values()) if (parts.length !== 1 || isSmall(parts[0])) return undefined;
  const [ownChildren, ownKeys, ownNumbers] = [children.slice(), keys.slice(), numbers.slice()];
  let more = 0;
  for (const [at, [part]] of replaced) {
    more += sizeOf(part) - sizeOf(children[at]);
    ownChildren[at] = part;
    ownKeys[at] = part.keys[0];
    ownNumbers[at] = part.numbers[0];
  }
  return { children: ownChildren, keys: ownKeys, numbers: ownNumbers, size: size + more };
}

/** Most changes for which inserting into a copy of a leaf is faster than merging. */
const FEW = 4;

function changedLeaf<K>(
  leaf: Leaf<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
  from: number,
  to: number,
): readonly Node<K>[] {
  if (to - from > FEW) return mergedLeaf(leaf, order, changes, from, to);
  let own: { readonly keys: K[]; readonly numbers: number[] } | undefined;
  for (let c = from; c < to; c++) {
    const change = changes[c];
    const at = firstBehind(own ?? leaf, order, change, -1);
    if (isAt(own ?? leaf, order, at, change) === change.isIn) continue;
    own ??= { keys: leaf.keys.slice(), numbers: leaf.numbers.slice() };
    if (change.isIn) {
      own.keys.splice(at, 0, change.key);
      own.numbers.splice(at, 0, change.number);
    } else {
      own.keys.splice(at, 1);
      own.numbers.splice(at, 1);
    }
  }
  if (own === undefined) return [leaf];
  return own.keys.length > LEAF ? leaves(own.keys, own.numbers) : own.keys.length === 0 ? [] : [own];
}

function mergedLeaf<K>(
  leaf: Leaf<K>,
  order: Order<K>,
  changes: readonly Change<K>[],
  from: number,
  to: number,
): readonly Node<K>[] {
  const keys: K[] = [];
  const numbers: number[] = [];
  let isSame = true;
  let at = 0;
  for (let c = from; c <= to; c++) {
    const change = c < to ? changes[c] : undefined;
    for (; at < leaf.keys.length; at++) {
      if (change && comparePairs(order, change, leaf.keys[at], leaf.numbers[at]) <= 0) break;
      keys.push(leaf.keys[at]);
      numbers.push(leaf.numbers[at]);
    }
    if (change === undefined) break;
    const isThere = isAt(leaf, order, at, change);
    if (isThere !== change.isIn) isSame = false;
    if (change.isIn) {
      // A key that is there already is kept, as others may share it.
      keys.push(isThere ? leaf.keys[at] : change.key);
      numbers.push(change.number);
    }
    if (isThere) at++;
  }
  return isSame ? [leaf] : leaves(keys, numbers);
}

/** Whether the pair of a change is the one at a place. */
function isAt<K>({ keys, numbers }: Leaf<K>, order: Order<K>, at: number, change: Change<K>): boolean {
  return at < keys.length && numbers[at] === change.number && order(keys[at], change.key) === 0;
}

/** The first place of a node whose pair compares above `least` with that of a change: at 0 it is behind it, at −1 not before it. */
function firstBehind<K>(
  { keys, numbers }: Pick<Leaf<K>, 'keys' | 'numbers'>,
  order: Order<K>,
  change: Change<K>,
  least: 0 | -1,
): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (-comparePairs(order, change, keys[middle], numbers[middle]) > least) to = middle;
    else from = middle + 1;
  }
  return from;
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
      : leaves([...before.keys, ...node.keys], [...before.numbers, ...node.numbers]))
      result.push(part);
  }
  return result;
}

function isSmall<K>(node: Node<K>): boolean {
  return node.keys.length < ('children' in node ? BRANCH : LEAF) / 4;
}

function leaves<K>(keys: readonly K[], numbers: readonly number[]): Leaf<K>[] {
  return parts(keys.length, LEAF).map(([from, to]) => ({
    keys: keys.slice(from, to),
    numbers: numbers.slice(from, to),
  }));
}

function branches<K>(children: readonly Node<K>[]): Branch<K>[] {
  return parts(children.length, BRANCH).map(([from, to]) => {
    const own = children.slice(from, to);
    return {
      children: own,
      keys: own.map(({ keys }) => keys[0]),
      numbers: own.map(({ numbers }) => numbers[0]),
      size: own.reduce((sum, child) => sum + sizeOf(child), 0),
    };
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
  let root: Node<K> = nodes[0] ?? { keys: [], numbers: [] };
  while ('children' in root && root.children.length === 1) root = root.children[0];
  return { size: sizeOf(root), root };
}
