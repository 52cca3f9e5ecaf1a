// Finds the entries by which two string maps differ, in time proportional to those: shared parts are skipped.
import type { List } from 'immutable';
import { type StringMap, bucketsOf } from './string-map.js';
import { type Bucket, ordered, sideOf } from './bucket.js';
import { type Numbers, isBefore, sameNumbers } from './text-bucket.js';

/** Called with each key whose values differ; `undefined` stands for a missing key. */
type Visit = (key: string, before: Numbers | undefined, after: Numbers | undefined) => void;

/**
 * Visits the entries that differ between two maps, in no particular order.
 *
 * Shared buckets and shared parts of the table are skipped (I4). Time: O(differing buckets · log buckets).
 */
export function eachStringDifference(a: StringMap, b: StringMap, visit: Visit): void {
  const [listA, listB] = [bucketsOf(a), bucketsOf(b)];
  // In tables of one size a key has the same bucket in both; otherwise it may be in another one.
  const alike = listA.size === listB.size;
  const compare = (partA: Bucket, partB: Bucket): void => {
    const [bucketA, bucketB] = [ordered(partA), ordered(partB)];
    let [i, j] = [0, 0];
    while (i < bucketA.length || j < bucketB.length) {
      const [keyA, keyB] = [bucketA[i] as string | undefined, bucketB[j] as string | undefined];
      if (keyA !== undefined && keyA === keyB) {
        const [before, after] = [bucketA[i + 1] as Numbers, bucketB[j + 1] as Numbers];
        if (!sameNumbers(before, after)) visit(keyA, before, after);
        i += 2;
        j += 2;
      } else if (keyA !== undefined && (keyB === undefined || isBefore(keyA, keyB))) {
        const [before, after] = [bucketA[i + 1] as Numbers, alike ? undefined : b.get(keyA)];
        if (!sameNumbers(before, after)) visit(keyA, before, after);
        i += 2;
      } else if (keyB !== undefined) {
        if (alike || a.get(keyB) === undefined) visit(keyB, undefined, bucketB[j + 1] as Numbers);
        j += 2;
      }
    }
  };
  eachPair(listA, listB, (bucketA, bucketB) => {
    eachPart(bucketA, bucketB, compare);
  });
}

/** Visits the parts of two buckets that differ; shared parts are skipped. */
function eachPart(a: Bucket, b: Bucket, visit: (a: Bucket, b: Bucket) => void): void {
  const left: [Bucket, Bucket][] = [[a, b]];
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [partA, partB] = pair;
    if (partA === partB) continue;
    if (typeof partA === 'string' || typeof partB === 'string') visit(partA, partB);
    else if (partA.bit === partB.bit) left.push([partA.high, partB.high], [partA.low, partB.low]);
    else if (partA.bit < partB.bit) {
      const isLow = sideOf(partA, partB) === 'low';
      left.push([partA.high, isLow ? NONE : partB], [partA.low, isLow ? partB : NONE]);
    } else {
      const isLow = sideOf(partB, partA) === 'low';
      left.push([isLow ? NONE : partA, partB.high], [isLow ? partA : NONE, partB.low]);
    }
  }
}

const NONE: Bucket = '';

/** A node of an Immutable.js list: 32 nodes a level below, or 32 items at level 0. */
interface Node {
  readonly array: readonly unknown[];
}

/** The fields of such a list: all but the last few items are in the trie, those are in the tail. */
interface Inside {
  readonly _origin: number;
  readonly _level: number;
  readonly _root?: Node;
  readonly _tail?: Node;
}

/** Visits the items of two lists that differ: in pairs by index, if the lists are of one length. */
function eachPair(a: List<Bucket>, b: List<Bucket>, visit: (a: Bucket, b: Bucket) => void): void {
  const [insideA, insideB] = [a, b] as unknown as [Inside, Inside];
  // Nodes are internal to Immutable.js. If they ever look different, all items are compared instead.
  if (!understood(a, insideA) || !understood(b, insideB)) {
    for (let i = 0; i < Math.max(a.size, b.size); i++) {
      const [itemA, itemB] = [i < a.size ? a.get(i) : NONE, i < b.size ? b.get(i) : NONE];
      if (itemA !== itemB) visit(itemA ?? NONE, itemB ?? NONE);
    }
    return;
  }
  const [endA, endB] = [tailOffset(a.size), tailOffset(b.size)];
  const walk = (
    at: number,
    nodeA: Node | undefined,
    levelA: number,
    nodeB: Node | undefined,
    levelB: number,
  ) => {
    // Nodes behind the end of the trie do not belong to the list.
    const [hereA, hereB] = [at < endA ? nodeA : undefined, at < endB ? nodeB : undefined];
    if (hereA === hereB) return;
    const level = Math.max(hereA === undefined ? 0 : levelA, hereB === undefined ? 0 : levelB);
    if (level === 0) {
      eachItem(hereA, hereB, visit);
      return;
    }
    const [downA, downB] = [levelA === level, levelB === level];
    for (let i = 0; i < 32; i++) {
      const partA = (downA ? hereA?.array[i] : i === 0 ? hereA : undefined) as Node | undefined;
      const partB = (downB ? hereB?.array[i] : i === 0 ? hereB : undefined) as Node | undefined;
      // Most are shared: not worth a call, if the ends are the same too.
      if (partA === partB && endA === endB) continue;
      walk(at + i * 2 ** level, partA, downA ? level - 5 : levelA, partB, downB ? level - 5 : levelB);
    }
  };
  walk(0, insideA._root, insideA._level, insideB._root, insideB._level);
  if (endA === endB) eachItem(insideA._tail, insideB._tail, visit);
  else {
    eachItem(insideA._tail, undefined, visit);
    eachItem(undefined, insideB._tail, visit);
  }
}

function eachItem(a: Node | undefined, b: Node | undefined, visit: (a: Bucket, b: Bucket) => void): void {
  if (a === b) return;
  for (let i = 0; i < 32; i++) {
    const [itemA, itemB] = [a?.array[i], b?.array[i]] as [Bucket | undefined, Bucket | undefined];
    if (itemA !== itemB) visit(itemA ?? NONE, itemB ?? NONE);
  }
}

/** How many items of a list are in its trie. */
function tailOffset(size: number): number {
  return size < 32 ? 0 : ((size - 1) >>> 5) << 5;
}

function understood(list: List<Bucket>, { _origin, _level, _root, _tail }: Inside): boolean {
  if (list.size === 0) return true;
  const hasTrie = list.size <= 32 || Array.isArray(_root?.array);
  return _origin === 0 && _level % 5 === 0 && hasTrie && Array.isArray(_tail?.array);
}
